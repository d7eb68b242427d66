// What is made from the option tree: suggestions, completion scripts, manual pages, and that every command has a
// schema.
#include "tools/cli/option_tree.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <set>

#include "tests/node/fakes.h"
#include "tests/temporary_folder.h"
#include "tools/cli/completion.h"
#include "tools/cli/man_page.h"
#include "tools/cli/misuse.h"
#include "tools/cli/render.h"

namespace earshot::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Shell {
  int code = -1;
  std::string out;
};

Shell shell(const std::string& command) {
  Shell result;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return result;
  char bytes[4096];
  for (std::size_t got = 0; (got = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) result.out.append(bytes, got);
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string what_of(std::vector<std::string> words) {
  return explain_misuse(option_tree(), words, "the parser's own words").what;
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> known = {"search", "share", "status", "peers", "--json"};
  EXPECT_EQ(nearest("serach", known), "search");
  EXPECT_EQ(nearest("shrae", known), "share");
  EXPECT_EQ(nearest("--jsn", known), "--json");
  EXPECT_EQ(nearest("dance", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 's'), known), "");
}

TEST(Misuse, NamesTheWordAndWhatWasMeant) {
  EXPECT_EQ(what_of({"serach", "x"}), "earshot has no command 'serach' (did you mean 'search'?)");
  EXPECT_EQ(what_of({"search", "--jsn", "x"}), "earshot search has no option '--jsn' (did you mean '--json'?)");
  EXPECT_EQ(what_of({"config", "shwo"}), "earshot config has no command 'shwo' (did you mean 'show'?)");
  EXPECT_EQ(what_of({"config"}), "earshot config needs a command");
  EXPECT_EQ(what_of({}), "earshot needs a command");
  EXPECT_EQ(what_of({"search", "--ttl", "many"}), "earshot search: the parser's own words");
  EXPECT_EQ(explain_misuse(option_tree(), std::vector<std::string>{"config", "show", "--x"}, "").see,
            "earshot help config show");
}

TEST(Misuse, ShowsNoControlCharacterOfTheCommandLine) {
  EXPECT_THAT(what_of({"\x1b[2J"}), Not(HasSubstr("\x1b")));
  EXPECT_LT(what_of({std::string(100'000, 'x')}).size(), 200u);
}

TEST(OptionTree, IsReadOffTheParser) {
  const CommandRow root = option_tree();
  const auto all = all_commands(root);
  const auto search = std::find_if(all.begin(), all.end(), [](const auto* row) { return row->name == "search"; });
  ASSERT_NE(search, all.end());
  const auto option = [&](const std::string& name) {
    return *std::find_if((*search)->options.begin(), (*search)->options.end(),
                         [&](const auto& row) { return row.name() == name; });
  };
  EXPECT_THAT(option("--progress").choices, ElementsAre("auto", "plain", "json", "none"));
  EXPECT_TRUE(option("--datadir").takes_path());
  EXPECT_TRUE(option("--json").value.empty());
  EXPECT_TRUE(option("--bootstrap").repeats);
  EXPECT_TRUE((*search)->positionals.at(0).required);
}

TEST(OptionTree, EveryOptionSaysWhatItDoesInPlainText) {
  const CommandRow root = option_tree();
  for (const CommandRow* row : all_commands(root)) {
    EXPECT_THAT(row->what, Not(IsEmpty())) << row->name;
    for (const OptionRow& option : row->options) {
      EXPECT_THAT(option.help, Not(IsEmpty())) << row->name << " " << option.name();
      EXPECT_EQ(printable(option.fallback), option.fallback) << row->name << " " << option.name();
    }
  }
}

TEST(Schemas, EveryCommandHasOneAndNoneIsLeftOver) {
  std::set<std::string> wanted = {"lines.json"};
  const CommandRow root = option_tree();
  for (const CommandRow* row : all_commands(root)) {
    std::string name = row->name;
    std::replace(name.begin(), name.end(), ' ', '-');
    wanted.insert(name + ".json");
  }
  std::set<std::string> present;
  for (const auto& entry : std::filesystem::directory_iterator(EARSHOT_SOURCE_DIR "/tools/cli/schema"))
    present.insert(entry.path().filename());
  EXPECT_EQ(present, wanted) << "tools/cli/schema describes what each command writes with --json";
}

class Completion : public testing::Test {
 protected:
  std::string script(const std::string& shell_name) {
    const auto text = completion_script(shell_name, option_tree());
    EXPECT_TRUE(text);
    return folder_.write("earshot." + shell_name, text.value_or("")).string();
  }

  TemporaryFolder folder_;
};

TEST_F(Completion, IsWellFormedInEveryShellThatIsHere) {
  for (const char* name : {"bash", "zsh", "fish"}) {
    const std::string file = script(name);
    if (!is_installed(name)) continue;
    const Shell checked = shell(std::string(name) + " -n " + file);
    EXPECT_EQ(checked.code, 0) << name << ": " << checked.out;
  }
  EXPECT_FALSE(completion_script("tcsh", option_tree()));
}

TEST_F(Completion, OfBashOffersCommandsOptionsAndValues) {
  const std::string probe = folder_
                                .write("probe", ". " + script("bash") + R"(
offers() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _earshot; echo "${COMPREPLY[*]}"; }
offers earshot sea
offers earshot search --strat
offers earshot search --strategy ""
offers earshot config ""
offers earshot config show --orig
offers earshot completion ""
)")
                                .string();
  EXPECT_EQ(shell("bash " + probe).out, "search\n--strategy\nflood walk ring dynamic bubble auto\nshow paths\n--origin\nbash zsh fish\n");
}

TEST_F(Completion, OfFishOffersThem) {
  if (!is_installed("fish")) GTEST_SKIP() << "fish is not installed";
  const std::string probe =
      "HOME=" + folder_.path().string() + " fish -c 'source " + script("fish") + "; complete -C \"";
  EXPECT_THAT(shell(probe + "earshot sea\"'").out, HasSubstr("search\t"));
  EXPECT_THAT(shell(probe + "earshot search --strategy \"'").out, HasSubstr("flood"));
  EXPECT_THAT(shell(probe + "earshot config \"'").out, HasSubstr("show\t"));
}

TEST(ManPages, AreCleanForEveryCommandAndTheFile) {
  const CommandRow root = option_tree();
  const auto pages = man_pages(root, "0.0.0");
  EXPECT_EQ(pages.size(), all_commands(root).size() + 3);
  const TemporaryFolder folder;
  for (const ManPage& page : pages) {
    EXPECT_THAT(page.text, HasSubstr(".SH NAME\n")) << page.file_name();
    const std::string file = folder.write(page.file_name(), page.text).string();
    for (const auto& [program, lint] : {std::pair<const char*, std::string>{"mandoc", "mandoc -T lint -W warning "},
                                        {"groff", "groff -man -ww -z "}}) {
      if (!is_installed(program)) continue;
      EXPECT_EQ(shell(lint + file).out, "") << page.file_name();
    }
  }
}

TEST(ManPages, NoTextBecomesARequest) {
  CommandRow root;
  CommandRow row;
  row.name = "odd";
  row.what = ".so /etc/passwd";
  OptionRow option;
  option.names = {"--back\\slash"};
  option.help = "'tis\n.de x";
  row.options = {option};
  root.commands = {row};
  const std::string text = man_pages(root, "0").at(1).text;
  EXPECT_THAT(text, Not(HasSubstr("\n.so")));
  EXPECT_THAT(text, Not(HasSubstr("\n.de")));
  EXPECT_THAT(text, HasSubstr("\\eslash"));
}

}  // namespace
}  // namespace earshot::cli
