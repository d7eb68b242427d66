// The command line as a value.
#include "tools/cli/flags.h"

#include <gmock/gmock.h>

namespace earshot::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Parsed = std::variant<Invocation, Finished>;

Parsed parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "earshot");
  return parse_flags(static_cast<int>(words.size()), words.data());
}

Invocation invocation_of(std::vector<const char*> words) {
  const Parsed result = parsed(std::move(words));
  const auto* invocation = std::get_if<Invocation>(&result);
  EXPECT_TRUE(invocation);
  return invocation ? *invocation : Invocation{};
}

int exit_code_of(std::vector<const char*> words) {
  const Parsed result = parsed(std::move(words));
  const auto* finished = std::get_if<Finished>(&result);
  return finished ? static_cast<int>(finished->code) : -1;
}

TEST(Flags, GetTakesSeveralContentsAndPlayOne) {
  EXPECT_THAT(invocation_of({"get", "1", "2", "--out", "x"}).contents, ElementsAre("1", "2"));
  EXPECT_TRUE(invocation_of({"get", "1", "--verify", "-o", "x"}).verify);
  EXPECT_THAT(invocation_of({"play", "3", "--player", "-"}).contents, ElementsAre("3"));
  EXPECT_EQ(exit_code_of({"play", "1", "2"}), 2);
}

TEST(Flags, ASearchTakesItsWordsAndItsSpread) {
  const Invocation it = invocation_of({"search", "so", "what", "--strategy", "walk", "--ttl", "64", "--walkers", "4",
                                       "--limit", "7", "--time", "1.5", "--json"});
  EXPECT_EQ(it.command, Command::kSearch);
  EXPECT_TRUE(it.json);
  EXPECT_EQ(it.search.text, "so what");
  EXPECT_EQ(it.search.strategy, StrategyKind::kWalk);
  EXPECT_EQ(it.search.ttl, 64);
  EXPECT_EQ(it.search.walkers, 4);
  EXPECT_EQ(it.search.limit, 7);
  EXPECT_EQ(it.rows, 7u);
  EXPECT_EQ(it.search.time, 1500ms);
}

TEST(Flags, SettingsAreHandedOnByTheirKeyAndListsGrow) {
  const Invocation it = invocation_of(
      {"node", "--listen", "127.0.0.1:1", "--share", "/a", "--share", "/b", "--datadir", "/d", "--http-port", "0"});
  EXPECT_EQ(it.command, Command::kNode);
  EXPECT_EQ(it.config.datadir, "/d");
  EXPECT_THAT(it.config.values.at("node.listen"), ElementsAre("127.0.0.1:1"));
  EXPECT_THAT(it.config.values.at("share.folders"), ElementsAre("/a", "/b"));
  EXPECT_EQ(it.config.values.size(), 3u);
}

TEST(Flags, AListFlagDoesNotSwallowTheWordsOfASearch) {
  const std::string contact = "earshot://" + std::string(64, 'a') + "@127.0.0.1:1";
  const Invocation it = invocation_of({"search", "--bootstrap", contact.c_str(), "so", "what"});
  EXPECT_EQ(it.search.text, "so what");
  EXPECT_THAT(it.config.values.at("node.bootstrap"), ElementsAre(contact));
}

TEST(Flags, TheDemoHasItsNumbers) {
  const Invocation it = invocation_of(
      {"demo", "--nodes", "9", "--kill", "2", "--keep", "--seed", "5", "--music", "/m", "--metadata", "/t.tsv"});
  EXPECT_EQ(it.demo.nodes, 9u);
  EXPECT_EQ(it.demo.kill, 2u);
  EXPECT_TRUE(it.demo.keep);
  EXPECT_EQ(it.demo.seed, 5u);
  EXPECT_EQ(it.demo.music, "/m");
  EXPECT_EQ(it.demo.metadata, "/t.tsv");
}

TEST(Flags, WrongUsageEndsWithTwoAndHelpWithZero) {
  EXPECT_EQ(exit_code_of({}), 2);
  EXPECT_EQ(exit_code_of({"dance"}), 2);
  EXPECT_EQ(exit_code_of({"search"}), 2);
  EXPECT_EQ(exit_code_of({"search", ""}), 2);
  EXPECT_EQ(exit_code_of({"search", "x", "--strategy", "gossip"}), 2);
  EXPECT_EQ(exit_code_of({"search", "x", "--ttl", "8"}), 2);
  EXPECT_EQ(exit_code_of({"search", "x", "--time", "0"}), 2);
  EXPECT_EQ(exit_code_of({"search", "x", "--limit", "0"}), 2);
  EXPECT_EQ(exit_code_of({"search", "\x1b[2J"}), 2);
  EXPECT_EQ(exit_code_of({"get"}), 2);
  EXPECT_EQ(exit_code_of({"demo", "--nodes", "2"}), 2);
  EXPECT_EQ(exit_code_of({"--help"}), 0);
  EXPECT_EQ(exit_code_of({"search", "--help"}), 0);
}

TEST(Help, KnowsEveryCommandAndTwoTopics) {
  for (const char* command :
       {"node", "search", "get", "share", "import", "status", "peers", "demo", "help", "version"}) {
    ASSERT_TRUE(help_text(command)) << command;
    EXPECT_THAT(*help_text(command), HasSubstr("--json")) << command;
  }
  EXPECT_THAT(*help_text("exit-codes"), HasSubstr("130"));
  for (const node::Setting& setting : node::settings())
    EXPECT_THAT(*help_text("config"), HasSubstr(std::string(setting.key)));
  EXPECT_FALSE(help_text("nonsense"));
}

TEST(ExitCodes, EveryErrorHasOne) {
  for (int number = 0; number <= static_cast<int>(ErrorCode::kUnsupported); ++number) {
    const auto code = static_cast<int>(exit_code_for(static_cast<ErrorCode>(number)));
    EXPECT_GE(code, 1);
    EXPECT_LE(code, 9);
  }
}

}  // namespace
}  // namespace earshot::cli
