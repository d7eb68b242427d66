// The built program as operators and scripts use it: up, down, doctor, config, and every command's --json by its
// schema.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/cli/json_schema.h"
#include "tests/cli/program.h"
#include "tools/cli/option_tree.h"
#include "tools/cli/replies.h"
#include "tools/cli/tones.h"

namespace earshot::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Every line on stdout is as tools/cli/schema says.
void expect_described(const std::string& command, const Ended& ended) {
  std::string name = command;
  std::replace(name.begin(), name.end(), ' ', '-');
  const std::filesystem::path schema = std::string(EARSHOT_SOURCE_DIR) + "/tools/cli/schema/" + name + ".json";
  EXPECT_THAT(ended.out, Not(IsEmpty())) << command << ": " << ended.err;
  for (const std::string& line : lines_of(ended.out))
    EXPECT_EQ(complaint_about(line, schema), "") << command << ": " << line;
}

TEST(JsonSchema, TheValidatorRefusesWhatItShould) {
  const std::filesystem::path down = EARSHOT_SOURCE_DIR "/tools/cli/schema/down.json";
  EXPECT_EQ(complaint_about(R"({"v":1,"type":"down","was_running":true})", down), "");
  for (const char* wrong : {R"({"v":1,"type":"down"})", R"({"v":2,"type":"down","was_running":true})",
                            R"({"v":1,"type":"up","was_running":true})", R"({"v":1,"type":"down","was_running":1})",
                            R"({"v":1,"type":"down","was_running":true,"more":1})", "[]", "nonsense"})
    EXPECT_NE(complaint_about(wrong, down), "") << wrong;
}

TEST(Shell, WrongUsageIsSaidOnceForPeopleAndOnceForScripts) {
  Program program;
  const Ended ended = program.run({"serach", "x", "--json"});
  EXPECT_EQ(ended.code, 2);
  expect_described("search", ended);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'search'?"));
}

TEST(Shell, ConfigShowSaysWhereEachValueComesFrom) {
  Program program({"EARSHOT_LISTEN=127.0.0.1:7"});
  std::filesystem::create_directories(program.home() / ".config/earshot");
  std::ofstream(program.home() / ".config/earshot/earshot.toml")
      << "[node]\nlisten = \"127.0.0.1:8\"\n[http]\nport = 9\n";
  const Ended ended = program.run({"config", "show", "--origin", "--cache-mb", "77"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, testing::ContainsRegex("node.listen +. \"127.0.0.1:7\" +# EARSHOT_LISTEN\n"));
  EXPECT_THAT(ended.out, testing::ContainsRegex("http.port +. 9 +# [^\n]*earshot.toml:4\n"));
  EXPECT_THAT(ended.out, testing::ContainsRegex("index.cache_mb +. 77 +# --cache-mb\n"));
  EXPECT_THAT(ended.out, testing::ContainsRegex("log.level +. \"info\" +# default\n"));
  expect_described("config show", program.run({"config", "show", "--json"}));
  expect_described("config paths", program.run({"config", "paths", "--json"}));
}

TEST(Shell, TheDoctorFindsABrokenConfigurationAndAnOpenKey) {
  Program program;
  std::filesystem::create_directories(program.home() / "d/data");
  std::ofstream(program.home() / "d/data/key") << "x";
  ::chmod((program.home() / "d/data").c_str(), 0700);
  ::chmod((program.home() / "d/data/key").c_str(), 0644);
  const Ended open = program.run({"doctor", "--datadir", (program.home() / "d").string(), "--json"});
  EXPECT_EQ(open.code, 4) << open.out;
  EXPECT_THAT(open.out, HasSubstr("chmod 600"));
  expect_described("doctor", open);
  std::ofstream(program.home() / "d/earshot.toml") << "[node]\nlisen = 1\n";
  const Ended broken = program.run({"doctor", "--datadir", (program.home() / "d").string()});
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.out, HasSubstr("earshot.toml:2"));
}

TEST(Shell, ColourIsAsAskedAndNeverByItselfInAPipe) {
  Program program;
  EXPECT_THAT(program.run({"doctor"}).out, Not(HasSubstr("\033[")));
  EXPECT_THAT(program.run({"doctor", "--color", "always"}).out, HasSubstr("\033["));
  EXPECT_THAT(program.run({"doctor", "--color", "always", "--json"}).out, Not(HasSubstr("\033[")));
}

TEST(Shell, WhatNeedsNoNodeIsDescribed) {
  Program program;
  expect_described("version", program.run({"version", "--json"}));
  expect_described("help", program.run({"help", "search", "--json"}));
  expect_described("completion", program.run({"completion", "bash", "--json"}));
  expect_described("man", program.run({"man", "search", "--json"}));
  expect_described("man", program.run({"man", "--out", (program.home() / "man").string(), "--json"}));
  expect_described("down", program.run({"down", "--json"}));
  expect_described("status", program.run({"status", "--json"}));
}

// A node started by `up`, of which `down` must leave nothing.
class Background : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(home() / "tunes");
    ASSERT_TRUE(write_tones(home() / "tunes"));
  }
  void TearDown() override { run({"down"}); }

  std::filesystem::path home() const { return program_.home(); }
  Ended run(std::vector<std::string> words) {
    words.insert(words.end(), {"--datadir", (home() / "d").string()});
    return program_.run(std::move(words));
  }
  Ended up() { return run({"up", "--listen", "127.0.0.1:0", "--index-sync", "false", "--json"}); }

  Program program_;
};

TEST_F(Background, UpReturnsWhenTheNodeAnswersAndDownWhenItIsGone) {
  const Ended started = up();
  ASSERT_EQ(started.code, 0) << started.err;
  expect_described("up", started);
  EXPECT_THAT(started.out, HasSubstr(R"("was_running":false)"));
  EXPECT_EQ(run({"status"}).code, 0);
  EXPECT_THAT(up().out, HasSubstr(R"("was_running":true)"));
  EXPECT_THAT(node::text_of(home() / "d/state/node.log"), HasSubstr("node=started"));
  const Ended ended = run({"down", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_described("down", ended);
  EXPECT_EQ(run({"status"}).code, 3);
  EXPECT_FALSE(std::filesystem::exists(home() / "d/run/token"));
  EXPECT_THAT(node::text_of(home() / "d/state/node.log"), HasSubstr("node=stopping"));
}

TEST_F(Background, UpSaysWhyANodeDoesNotStart) {
  const Ended ended = run({"up", "--listen", "192.0.2.1:1"});
  EXPECT_EQ(ended.code, 5) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("192.0.2.1"));
}

TEST_F(Background, EveryAnswerOfARunningNodeIsDescribed) {
  ASSERT_EQ(up().code, 0);
  expect_described("status", run({"status", "--json"}));
  expect_described("share", run({"share", (home() / "tunes").string(), "--json"}));
  expect_described("share", run({"share", "--json"}));
  std::ofstream(home() / "rows.tsv") << "title\tartist\nOne Row\tSomeone\n";
  expect_described("import", run({"import", (home() / "rows.tsv").string(), "--json"}));
  expect_described("index", run({"index", "import", (home() / "rows.tsv").string(), "--json"}));
  expect_described("index", run({"index", "stats", "--json"}));
  expect_described("search", run({"search", "clockmaker", "--time", "0.3", "--json"}));
  expect_described("get", run({"get", "1", "--out", (home() / "got.wav").string(), "--json"}));
  expect_described("doctor", run({"doctor", "--json"}));
  const std::string self = status_from(run({"status", "--json"}).out).self;
  Program other;
  other.start(
      {"node", "--datadir", (other.home() / "d").string(), "--listen", "127.0.0.1:0", "--bootstrap", self, "--json"});
  Ended peers;
  for (int attempt = 0; attempt < 200 && peers.code != 0; ++attempt) {
    ::usleep(50'000);
    peers = run({"peers", "--json"});
  }
  expect_described("peers", peers);
  expect_described("node", {0, node::text_of(other.home() / "out"), ""});
}

TEST_F(Background, ProgressGoesToStderrInTheWayThatWasAsked) {
  ASSERT_EQ(up().code, 0);
  std::ofstream table(home() / "rows.tsv");
  table << "title\tartist\n";
  for (int row = 0; row < 20'000; ++row) table << "Row " << row << "\tSomeone\n";
  table.close();
  const Ended none = run({"import", (home() / "rows.tsv").string()});
  EXPECT_THAT(none.err, Not(HasSubstr("rows")));
  const Ended plain = run({"import", (home() / "rows.tsv").string(), "--progress", "plain"});
  EXPECT_THAT(plain.err, HasSubstr(" rows"));
  const Ended json = run({"import", (home() / "rows.tsv").string(), "--progress", "json"});
  EXPECT_EQ(type_of(lines_of(json.err).front()), "progress");
  EXPECT_THAT(json.out, HasSubstr("20000 rows"));
}

}  // namespace
}  // namespace earshot::cli
