// The built program: exit codes, what goes to stdout, and a node that is searched through its socket.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "tests/cli/program.h"
#include "tools/cli/replies.h"
#include "tools/cli/tones.h"

namespace earshot::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(ProgramTest, SaysItsVersionInBothLanguages) {
  Program program;
  EXPECT_THAT(program.run({"version"}).out, StartsWith("earshot 0."));
  EXPECT_THAT(program.run({"version", "--json"}).out, StartsWith(R"({"v":1,"type":"version","version":")"));
}

TEST(ProgramTest, HelpGoesToStdoutAndErrorsToStderr) {
  Program program;
  const Ended help = program.run({"help", "exit-codes"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("nothing found"));
  EXPECT_THAT(help.err, IsEmpty());
  const Ended wrong = program.run({"search", "--no-such-flag", "x"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.out, IsEmpty());
  EXPECT_THAT(wrong.err, Not(IsEmpty()));
  EXPECT_EQ(program.run({"help", "nonsense"}).code, 2);
}

TEST(ProgramTest, WithoutANodeWhatNeedsOneEndsWithThree) {
  Program program;
  for (const char* command : {"status", "peers"}) EXPECT_EQ(program.run({command}).code, 3) << command;
  EXPECT_EQ(program.run({"share", "/tmp"}).code, 3);
  EXPECT_EQ(program.run({"import", "/tmp/x.tsv"}).code, 3);
  const Ended json = program.run({"status", "--json"});
  EXPECT_EQ(json.code, 3);
  EXPECT_EQ(type_of(json.out), "error");
}

TEST(ProgramTest, ASearchWithoutPeersEndsWithFiveAndSaysWhatToDo) {
  Program program;
  const Ended ended = program.run({"search", "anything", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(ended.code, 5);
  EXPECT_THAT(ended.err, HasSubstr("--bootstrap"));
  EXPECT_THAT(ended.err, HasSubstr("earshot demo"));
  EXPECT_THAT(ended.out, IsEmpty());
}

TEST(ProgramTest, GetWithoutASearchEndsWithOneAndNonsenseWithTwo) {
  Program program;
  EXPECT_EQ(program.run({"get", "1"}).code, 1);
  EXPECT_EQ(program.run({"get", "nonsense"}).code, 2);
}

TEST(ProgramTest, AWrongConfigurationEndsWithTwoAndNamesTheLine) {
  Program program;
  std::filesystem::create_directories(program.home() / ".config/earshot");
  std::ofstream(program.home() / ".config/earshot/earshot.toml") << "[node]\nlisen = 1\n";
  const Ended ended = program.run({"status"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("earshot.toml:2"));
}

// A running node with sixteen tunes, and its program.
class RunningNode : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(home() / "tunes");
    ASSERT_TRUE(write_tones(home() / "tunes"));
    node_ = node_program_.start({"node", "--datadir", datadir(), "--listen", "127.0.0.1:0", "--share",
                                 (home() / "tunes").string(), "--index-sync", "false"});
    for (int attempt = 0; attempt < 600; ++attempt) {
      status_ = status_from(client({"status", "--json"}).out);
      if (status_.tracks >= 16 && !status_.scanning) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "the node did not become ready: " << node::text_of(home() / "err");
  }

  std::filesystem::path home() const { return node_program_.home(); }
  std::string datadir() const { return (home() / "d").string(); }

  Ended client(std::vector<std::string> words) {
    words.insert(words.end(), {"--datadir", datadir()});
    return client_program_.run(std::move(words));
  }

  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }

  Program node_program_;
  Program client_program_;
  pid_t node_ = -1;
  StatusLine status_;
};

TEST_F(RunningNode, IsSearchedThroughItsSocketAndRemembersTheRows) {
  const Ended found = client({"search", "clockmaker", "--time", "0.5"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("Clockmaker"));
  const Ended json = client({"search", "clockmaker", "--time", "0.5", "--json"});
  EXPECT_EQ(json.code, 0);
  EXPECT_THAT(json.out, HasSubstr(R"("type":"hit","content":"ppspp:)"));
  EXPECT_THAT(json.out, HasSubstr(R"("holders":[{"key":")"));
  EXPECT_THAT(json.out, HasSubstr(R"("type":"summary")"));
  const Ended fetched = client({"get", "1", "--out", (home() / "fetched.wav").string()});
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  EXPECT_EQ(fetched.out, (home() / "fetched.wav").string() + "\n");
  EXPECT_EQ(client({"play", "1", "--player", "-"}).out, node::text_of(home() / "tunes/Clockmaker.wav"));
  EXPECT_EQ(client({"get", "1", "--verify", "--out", (home() / "fetched.wav").string()}).code, 0);
  EXPECT_EQ(client({"get", "1", "--verify", "--out", (home() / "tunes/Low Tide Waltz.wav").string()}).code, 8);
  EXPECT_EQ(node::text_of(home() / "fetched.wav"), node::text_of(home() / "tunes/Clockmaker.wav"));
}

TEST_F(RunningNode, GivesNothingForWhatItDoesNotHaveAndIsAloneInTheWorld) {
  // Without a neighbor nobody else could be asked, which is not the same as nothing found.
  EXPECT_EQ(client({"search", "nosuchword", "--time", "0.3"}).code, 5);
}

TEST_F(RunningNode, KeepsItsSecretsToItself) {
  EXPECT_EQ(mode_of(home() / "d/run"), 0700u);
  EXPECT_EQ(mode_of(home() / "d/run/token"), 0600u);
  EXPECT_EQ(mode_of(home() / "d/run/earshot.sock"), 0600u);
  EXPECT_EQ(mode_of(home() / "d/data"), 0700u);
  EXPECT_EQ(mode_of(home() / "d/data/key"), 0600u);
}

TEST_F(RunningNode, AnswersOnLoopbackToWhoHasTheToken) {
  const std::string url = "http://" + status_.http;
  const Ended with = client({"status", "--json", "--url", url});
  EXPECT_EQ(with.code, 0) << with.err;
  EXPECT_EQ(status_from(with.out).key, status_.key);
  std::ofstream(home() / "wrong") << "0000";
  EXPECT_EQ(client({"status", "--url", url, "--token-file", (home() / "wrong").string()}).code, 4);
}

TEST_F(RunningNode, IsTheOnlyOneOnItsDataFolder) {
  const Ended second = client({"node", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, 4);
  EXPECT_THAT(second.err, HasSubstr("another earshot"));
}

TEST_F(RunningNode, EndsCleanlyOnSigtermAndLeavesNoSocket) {
  ::kill(node_, SIGTERM);
  const Ended ended = node_program_.ended(node_);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_FALSE(std::filesystem::exists(home() / "d/run/earshot.sock"));
  EXPECT_FALSE(std::filesystem::exists(home() / "d/run/token"));
}

TEST_F(RunningNode, IsFoundByALightNodeThroughItsContact) {
  const Ended found = client_program_.run(
      {"search", "lighthouse", "--listen", "127.0.0.1:0", "--bootstrap", status_.self, "--time", "1"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("Walk to the Lighthouse"));
  const Ended none = client_program_.run(
      {"search", "nosuchword", "--listen", "127.0.0.1:0", "--bootstrap", status_.self, "--time", "1"});
  EXPECT_EQ(none.code, 1) << none.err;
}

TEST_F(RunningNode, GivesAContentToWhoKnowsItsIdOnly) {
  const std::string rows = client({"search", "clockmaker", "--time", "0.5", "--json"}).out;
  const std::string id = hit_from(rows.substr(0, rows.find('\n'))).content;
  ASSERT_THAT(id, StartsWith("ppspp:"));
  const std::string out = (client_program_.home() / "by-id.wav").string();
  const std::vector<std::string> there = {"--listen", "127.0.0.1:0", "--bootstrap", status_.self};
  const auto stranger = [&](std::vector<std::string> words) {
    words.insert(words.end(), there.begin(), there.end());
    return client_program_.run(std::move(words));
  };
  const Ended who = stranger({"who", "http://127.0.0.1:4080/content/" + id + "?ticket=x"});
  EXPECT_EQ(who.code, 0) << who.err;
  EXPECT_THAT(who.out, HasSubstr(status_.key));
  const Ended fetched = stranger({"get", id, "--out", out});
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  EXPECT_EQ(node::text_of(out), node::text_of(home() / "tunes/Clockmaker.wav"));
  EXPECT_EQ(stranger({"play", "earshot://" + id, "--player", "-"}).out, node::text_of(home() / "tunes/Clockmaker.wav"));
  const Ended nobody = stranger({"get", "ppspp:" + std::string(64, '0')});
  EXPECT_EQ(nobody.code, 1) << nobody.err;
  EXPECT_THAT(nobody.err, HasSubstr("nobody who was asked holds"));
}

TEST_F(RunningNode, ShowsItsShareToWhoBrowsesIt) {
  const auto browse = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"browse", status_.self, "--listen", "127.0.0.1:0", "--bootstrap", status_.self});
    return client_program_.run(std::move(words));
  };
  const Ended some = browse({"--limit", "5"});
  EXPECT_EQ(some.code, 0) << some.err;
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 6) << some.out;
  EXPECT_THAT(some.err, HasSubstr("go on: --from 5"));
  const Ended rest = browse({"--from", "5", "--json"});
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_THAT(rest.out, HasSubstr(R"("type":"done","from":5,"next":16,"shared":16)"));
  EXPECT_EQ(browse({"--from", "16"}).code, 1);
  EXPECT_EQ(client_program_.run({"get", "1", "--listen", "127.0.0.1:0", "--bootstrap", status_.self, "--out",
                                 (client_program_.home() / "one.wav").string()}).code, 0);
  EXPECT_EQ(browse({"nonsense"}).code, 2);
}

TEST_F(RunningNode, SharesMoreAndImportsRows) {
  std::filesystem::create_directories(home() / "more");
  std::filesystem::copy_file(home() / "tunes/Clockmaker.wav", home() / "more/Twin.wav");
  EXPECT_EQ(client({"share", (home() / "more").string()}).code, 0);
  EXPECT_THAT(client({"share"}).out, HasSubstr("more"));
  std::ofstream(home() / "table.tsv") << "title\tartist\nOne Row\tSomeone\nAnother Row\tSomeone Else\n";
  const Ended imported = client({"import", (home() / "table.tsv").string(), "--json"});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, HasSubstr(R"("type":"done","rows":2)"));
  EXPECT_THAT(client({"search", "another row", "--time", "0.3"}).out, HasSubstr("Someone Else"));
}

TEST_F(RunningNode, TendsItsIndexWhileItRuns) {
  const Ended stats = client({"index", "stats", "--json"});
  EXPECT_EQ(stats.code, 0) << stats.err;
  EXPECT_THAT(stats.out, HasSubstr(R"("type":"done","task":"stats","tracks":)"));
  EXPECT_EQ(client({"index", "backup", (home() / "backups").string()}).code, 0);
  EXPECT_EQ(client({"index", "rebuild"}).code, 0);
  EXPECT_EQ(client({"index", "restore", (home() / "backups").string()}).code, 0);
  EXPECT_THAT(client({"index", "verify"}).out, HasSubstr("all of it reads and is right"));
  EXPECT_EQ(client({"index", "restore", (home() / "nowhere").string()}).code, 1);
  EXPECT_THAT(client({"search", "clockmaker", "--time", "0.3"}).out, HasSubstr("Clockmaker"));
}

TEST_F(RunningNode, PublishesUnderItsNameAndGivesFeedsAndPlaylists) {
  const std::string file = (home() / "tunes/Clockmaker.wav").string();
  EXPECT_EQ(client({"publish", file}).code, 2) << "nobody publishes yet";
  const Ended named = client({"publish", "--name", "Radio Tal", "--licence", "cc-by", file, "--title", "The first"});
  EXPECT_EQ(named.code, 0) << named.err;
  EXPECT_THAT(named.out, HasSubstr("Radio Tal"));
  EXPECT_THAT(named.out, HasSubstr("The first"));
  EXPECT_THAT(client({"feed"}).out, HasSubstr("/feed/" + status_.key + ".xml?ticket="));
  EXPECT_THAT(client({"search", "kind:publisher", "tal", "--time", "0.3", "--json"}).out, HasSubstr(status_.key));
  EXPECT_THAT(client({"search", "kind:episode", "publisher:tal", "--time", "0.3"}).out, HasSubstr("The first"));
  const Ended playlist = client({"search", "kind:episode", "publisher:tal", "--time", "0.3", "--format", "m3u8"});
  EXPECT_THAT(playlist.out, StartsWith("#EXTM3U\n#EXTINF:"));
  EXPECT_THAT(playlist.out, HasSubstr("?ticket="));
  EXPECT_EQ(client({"follow", status_.key}).code, 2) << "nobody follows himself";
  const std::string other(64, 'a');
  EXPECT_EQ(client({"mirror", other}).code, 0);
  EXPECT_THAT(client({"follow"}).out, HasSubstr("not heard of yet"));
  EXPECT_EQ(client({"unfollow", other}).code, 0);
  EXPECT_EQ(client({"unfollow", other}).code, 1);
  EXPECT_EQ(client({"feed", "import", (home() / "no.xml").string()}).code, 1);
}

TEST_F(RunningNode, NoticesANewFileInASharedFolder) {
  std::filesystem::copy_file(home() / "tunes/Clockmaker.wav", home() / "tunes/Newcomer.wav");
  std::string tail = node::text_of(home() / "tunes/Newcomer.wav");
  std::ofstream(home() / "tunes/Newcomer.wav", std::ios::binary) << tail << "one chunk more";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::uint64_t before = status_from(client({"status", "--json"}).out).tracks;
  while (status_from(client({"status", "--json"}).out).tracks == before) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody noticed";
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

TEST(ProgramTest, TendsAnIndexWithoutANode) {
  Program program;
  const auto path = [&](const char* name) { return (program.home() / name).string(); };
  std::ofstream(path("table.tsv")) << "title\tartist\nOne Row\tSomeone\nAnother Row\tSomeone Else\nbad\n";
  const Ended imported = program.run({"index", "import", path("table.tsv")});
  EXPECT_EQ(imported.code, 0) << imported.err;
  EXPECT_THAT(imported.out, HasSubstr("2 rows"));
  EXPECT_THAT(imported.err, HasSubstr("1 rows were not usable"));
  EXPECT_EQ(program.run({"index", "export", path("out.tsv")}).code, 0);
  EXPECT_THAT(node::text_of(program.home() / "out.tsv"), HasSubstr("Another Row\tSomeone Else"));
  EXPECT_EQ(program.run({"index", "backup", path("backups")}).code, 0);
  EXPECT_EQ(program.run({"index", "restore", path("backups")}).code, 0);
  for (const char* task : {"stats", "verify", "compact", "rebuild"}) EXPECT_EQ(program.run({"index", task}).code, 0) << task;
  EXPECT_EQ(program.run({"index", "backup"}).code, 2) << "no folder named";
  EXPECT_EQ(program.run({"index", "stats", "/tmp"}).code, 2) << "takes no path";
  EXPECT_EQ(program.run({"index", "dance"}).code, 2);
}

}  // namespace
}  // namespace earshot::cli
