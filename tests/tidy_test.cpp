// Style as a test: the arrows of ARCHITECTURE.md, words that the core must not say, files that nobody uses, file heads.
// Reads the source tree as text; knows nothing of what the code does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct SourceFile {
  std::string path;  // from the root, with '/'
  std::string text;
  std::string code;  // the text without comments and string contents
};

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](auto ending) { return path.ends_with(ending); });
}

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Blanks comments and the insides of string literals, keeping line breaks. Include lines keep their quotes.
std::string without_comments(const std::string& text) {
  std::string code;
  enum { kCode, kLine, kBlock, kString } state = kCode;
  bool include_line = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\n') {
      include_line = text.compare(i + 1, 8, "#include") == 0;
      if (state == kLine || state == kString) state = kCode;
      code.push_back(c);
    } else if (state == kCode && c == '/' && next == '/') {
      state = kLine;
    } else if (state == kCode && c == '/' && next == '*') {
      state = kBlock;
      ++i;
    } else if (state == kBlock && c == '*' && next == '/') {
      state = kCode;
      ++i;
    } else if (state == kCode && c == '"' && !include_line) {
      state = kString;
      code.push_back(c);
    } else if (state == kString && c == '\\') {
      ++i;
    } else if (state == kString && c == '"') {
      state = kCode;
      code.push_back(c);
    } else if (state == kCode) {
      code.push_back(c);
    }
  }
  return code;
}

// Every file of the project, sorted; build folders, hidden folders and installed packages left out.
const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = [] {
    std::vector<SourceFile> found;
    const fs::path root = EARSHOT_SOURCE_DIR;
    const std::set<std::string> skipped = {"build", ".git", "node_modules", ".cache", "out"};
    for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
      if (it->is_directory() && (skipped.contains(it->path().filename()) || fs::exists(it->path() / "CMakeCache.txt"))) {
        it.disable_recursion_pending();
      }
      if (!it->is_regular_file()) continue;
      const std::string path = fs::relative(it->path(), root).generic_string();
      if (!ends_with_any(path, {".h", ".cpp", ".txt", ".fbs", ".toml", ".md"}) && !path.starts_with("tools/")) continue;
      std::string text = read_all(it->path());
      std::string code = ends_with_any(path, {".h", ".cpp"}) ? without_comments(text) : text;
      found.push_back({path, std::move(text), std::move(code)});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return found;
  }();
  return files;
}

bool is_cpp(const SourceFile& file) { return ends_with_any(file.path, {".h", ".cpp"}); }

struct Include {
  std::string name;
  bool ours = false;  // written with quotes
};

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex pattern(R"re(#include\s+(?:"([^"]+)"|<([^>]+)>))re");
  std::vector<Include> includes;
  for (std::sregex_iterator it(file.code.begin(), file.code.end(), pattern), end; it != end; ++it) {
    includes.push_back((*it)[1].matched ? Include{(*it)[1], true} : Include{(*it)[2], false});
  }
  return includes;
}

bool starts_with_any(std::string_view text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return text.starts_with(prefix); });
}

// A room, what it may include of ours, and which of those it may not after all. The first room that fits a path counts.
struct Room {
  std::string prefix;
  std::vector<std::string> may;
  std::vector<std::string> never;
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> table = {
      {"schema/", {"schema/"}, {}},
      {"overlay/net/", {"overlay/", "schema/"}, {"overlay/membership/", "overlay/search/", "overlay/peer.h"}},
      {"overlay/", {"overlay/", "schema/"}, {"overlay/net/"}},
      {"index/", {"index/", "schema/"}, {}},
      {"stream/", {"stream/", "schema/"}, {}},
      {"sim/", {"sim/", "overlay/", "stream/", "schema/"}, {"overlay/net/", "stream/net/"}},
      {"tools/bench/", {"tools/", "tests/impairment/", "sim/", "overlay/", "index/", "stream/", "schema/"}, {}},
      {"tools/", {"tools/", "sim/", "overlay/", "index/", "stream/", "schema/"}, {}},
      {"tests/", {"tests/", "tools/", "sim/", "overlay/", "index/", "stream/", "schema/"}, {}},
  };
  return table;
}

const Room* room_of(const std::string& path) {
  const auto& table = rooms();
  const auto room = std::find_if(table.begin(), table.end(), [&](const Room& r) { return path.starts_with(r.prefix); });
  return room == table.end() ? nullptr : &*room;
}

TEST(Tidy, ArrowsAreThoseOfTheHouse) {
  for (const auto& file : tree()) {
    const Room* room = room_of(file.path);
    if (!is_cpp(file) || room == nullptr) continue;
    for (const auto& include : includes_of(file)) {
      if (!include.ours) continue;
      EXPECT_TRUE(starts_with_any(include.name, room->may)) << file.path << " must not include " << include.name;
      EXPECT_FALSE(starts_with_any(include.name, room->never)) << file.path << " must not include " << include.name;
      EXPECT_NE(include.name.find('/'), std::string::npos) << file.path << ": name the folder in " << include.name;
    }
  }
}

// A library and the only files that may include it: whoever reads one of these files knows all of our use of it.
TEST(Tidy, LibrariesStayInTheirRooms) {
  const std::map<std::string, std::vector<std::string>> only_in = {
      {"zmq", {"overlay/net/", "tests/net/", "tests/hostile/", "tools/bench/flood_bench.cpp"}},
      {"rocksdb/", {"index/", "tests/index/"}},
      {"schema/overlay_generated.h", {"overlay/wire.cpp", "tests/"}},
      {"schema/library_generated.h", {"overlay/wire.cpp", "index/records", "tests/"}},
      {"toml++/", {"sim/scenario", "tools/node/config"}},
      {"CLI/", {"tools/"}},
      {"boost/", {"tools/", "tests/", "index/torn_tail"}},
      {"nlohmann/", {"tools/", "sim/results", "tests/"}},
      {"taglib/", {"index/tags", "tests/"}},
      {"unicode/", {"index/transliterator"}},
      {"utf8proc.h", {"index/", "tests/index/", "tools/cli/render"}},
      {"openssl/", {"stream/ppspp/", "tests/stream/", "tools/"}},
      {"sys/socket.h", {"stream/net/", "overlay/net/", "tools/", "tests/"}},
      {"spdlog/", {"tools/", "tests/node/node_test.cpp"}},
  };
  for (const auto& file : tree()) {
    if (!is_cpp(file)) continue;
    for (const auto& include : includes_of(file)) {
      for (const auto& [library, places] : only_in) {
        if (!include.name.starts_with(library)) continue;
        EXPECT_TRUE(starts_with_any(file.path, places)) << file.path << " includes " << include.name << ", which belongs in "
                                                        << fmt::format("{}", places.front());
      }
    }
  }
}

bool is_core(const std::string& path) {
  if (path.starts_with("overlay/net/")) return false;
  if (path.starts_with("stream/ppspp/")) return !path.starts_with("stream/ppspp/engine");
  return path.starts_with("overlay/") || path.starts_with("schema/");
}

TEST(Tidy, TheCoreNamesNoClockThreadSocketOrStandardRandomness) {
  static const std::regex banned(
      R"(\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|std::time|now\(\)|std::thread|std::jthread|std::mutex|std::atomic|std::async|condition_variable|std::random_device|mt19937\w*|\w+_distribution|recvmsg|sendmsg|recvfrom|sendto|zmq\w*|rocksdb|getenv|printf|std::cout|std::cerr)\b|#include <(thread|mutex|atomic|random|future|condition_variable|iostream|fstream|unordered_map|unordered_set|sys/socket.h|unistd.h)>)");
  const std::set<std::string> may = {"schema/check.cpp"};  // it prints the broken invariant and ends the process
  for (const auto& file : tree()) {
    if (!is_cpp(file) || !is_core(file.path) || may.contains(file.path)) continue;
    std::smatch match;
    EXPECT_FALSE(std::regex_search(file.code, match, banned)) << file.path << " says " << match.str();
  }
}

TEST(Tidy, ProtocolDecisionsAreIntegers) {
  static const std::regex banned(R"(\b(float|double)\b)");
  for (const auto& file : tree()) {
    if (!is_cpp(file) || !file.path.starts_with("overlay/") || file.path.starts_with("overlay/net/")) continue;
    EXPECT_FALSE(std::regex_search(file.code, banned)) << file.path << " computes with floating point";
  }
}

// What a tool leaves behind in the root (a fuzzer's crash file, a core) is moved to where it belongs, or removed.
TEST(Tidy, TheTopLevelHoldsOnlyWhatIsNamed) {
  const std::set<std::string> named = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LEEME.md", "LICENSE", "ARCHITECTURE.md", "CONTRIBUTING.md",
                                       "CHANGELOG.md", "SECURITY.md", "overlay", "index", "stream", "schema", "sim", "tests", "tools"};
  const std::set<std::string> ignored = {"build", "out", "earshot-demo", "compile_commands.json"};  // as in .gitignore
  for (const auto& entry : fs::directory_iterator(EARSHOT_SOURCE_DIR)) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name.starts_with('.') || named.contains(name) || ignored.contains(name)) << name << " has no place in the root";
  }
}

TEST(Tidy, EveryFileSaysWhatItIsFor) {
  for (const auto& file : tree()) {
    if (file.path.starts_with("tests/data/") || file.path.starts_with("tests/hostile/frames/")) continue;
    if (is_cpp(file) || file.path.ends_with(".fbs")) {
      EXPECT_TRUE(file.text.starts_with("// ")) << file.path << " opens without a comment";
    }
    if (file.path.ends_with("CMakeLists.txt") || file.path.ends_with(".toml")) {
      EXPECT_TRUE(file.text.starts_with("#")) << file.path << " opens without a comment";
    }
    if (file.path.ends_with(".h")) {
      EXPECT_NE(file.text.find("#pragma once"), std::string::npos) << file.path;
    }
  }
}

// The levels of a document's headings, and its code blocks as "```", in order: what a translation must share.
std::vector<std::string> skeleton_of(const std::string& path) {
  std::vector<std::string> skeleton;
  std::istringstream lines(read_all(fs::path(EARSHOT_SOURCE_DIR) / path));
  bool in_code = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) in_code = !in_code;
    if (line.starts_with("```") && in_code) skeleton.push_back("```");
    if (!in_code && line.starts_with("#")) skeleton.push_back(line.substr(0, line.find(' ')));
  }
  return skeleton;
}

TEST(Tidy, TranslationsHaveTheShapeOfWhatTheyTranslate) {
  EXPECT_EQ(skeleton_of("README.md"), skeleton_of("LEEME.md"));
  EXPECT_EQ(skeleton_of("tools/docs/person.md"), skeleton_of("tools/docs/persona.md"));
  EXPECT_FALSE(skeleton_of("README.md").empty());
  EXPECT_FALSE(skeleton_of("tools/docs/person.md").empty());
}

TEST(Tidy, LinesAreShortAndClean) {
  static const std::regex left_over(R"(\b(TODO|FIXME|XXX|HACK)\b)");
  for (const auto& file : tree()) {
    if (!is_cpp(file) || file.path == "tests/tidy_test.cpp") continue;
    std::istringstream lines(file.text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      EXPECT_LE(line.size(), 160u) << file.path << ":" << number;
      EXPECT_EQ(line.find('\t'), std::string::npos) << file.path << ":" << number << " holds a tab";
      EXPECT_FALSE(line.ends_with(' ')) << file.path << ":" << number << " ends in a space";
      EXPECT_FALSE(std::regex_search(line, left_over)) << file.path << ":" << number << " is left over";
    }
  }
}

TEST(Tidy, EveryDefenceHasItsRowInTheTableOfThoseThatAreLeftOut) {
  const std::string table = read_all(fs::path(EARSHOT_SOURCE_DIR) / "tests/defences/table");
  const std::string header = read_all(fs::path(EARSHOT_SOURCE_DIR) / "schema/defence.h");
  static const std::regex name(R"(\n  (k[A-Z]\w+),)");
  std::size_t rows = 0;
  for (std::sregex_iterator it(header.begin(), header.end(), name), end; it != end; ++it) {
    if ((*it)[1] == "kNone") continue;
    EXPECT_NE(table.find("\n" + (*it)[1].str() + " "), std::string::npos) << (*it)[1] << " has no row in tests/defences/table";
    ++rows;
  }
  EXPECT_GE(rows, 10u);
}

TEST(Tidy, NamesSayWhatTheyAre) {
  static const std::regex vague(R"((^|[/_])(manager|handler|helpers?|utils?|common|base|impl|misc)([_.]|$))");
  for (const auto& file : tree()) {
    EXPECT_FALSE(is_cpp(file) && std::regex_search(file.path, vague)) << file.path;
  }
}

TEST(Tidy, NoFileIsDead) {
  std::set<std::string> included;
  std::string build_files;
  std::string everything_else;
  for (const auto& file : tree()) {
    if (is_cpp(file)) {
      for (const auto& include : includes_of(file)) included.insert(include.name);
    }
    if (file.path.ends_with("CMakeLists.txt")) build_files += file.text;
    if (!file.path.ends_with(".toml")) everything_else += file.text;
  }
  for (const auto& file : tree()) {
    const fs::path path = file.path;
    const std::string name = path.filename();
    if (path.extension() == ".h") {
      EXPECT_TRUE(included.contains(file.path)) << file.path << " is included by nobody";
    } else if (path.extension() == ".cpp" && !name.ends_with("_fuzzer.cpp")) {
      EXPECT_NE(build_files.find(name), std::string::npos) << file.path << " is built by nobody";
    } else if (name.ends_with("_fuzzer.cpp")) {
      const std::string target = name.substr(0, name.size() - 11);
      static const std::regex of_many(R"(foreach\(name ([^)]*)\)\s*earshot_fuzzer)");
      const std::sregex_iterator begin(build_files.begin(), build_files.end(), of_many);
      const bool is_listed = std::any_of(begin, std::sregex_iterator(), [&](const std::smatch& list) {
        return (" " + list[1].str() + " ").find(" " + target + " ") != std::string::npos;
      });
      EXPECT_TRUE(is_listed || build_files.find("earshot_fuzzer(" + target) != std::string::npos) << file.path << " is built by nobody";
    } else if (file.path.starts_with("sim/scenarios/")) {
      EXPECT_NE(everything_else.find(name), std::string::npos) << file.path << " is named by no test and no document";
    }
  }
}

}  // namespace
