// The tree of commands and flags, and the help made from it. The only file that includes CLI11.
#include "tools/cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>

#include "overlay/search/strategy.h"
#include "tools/cli/help_topics.h"
#include "tools/cli/misuse.h"
#include "tools/cli/option_tree.h"
#include "tools/cli/replies.h"
#include "tools/node/api.h"
#include "tools/node/index_order.h"

namespace earshot::cli {

namespace {

// Seconds that a search from the command line stays open: rows come in the first, stragglers in the rest.
constexpr double kSearchSeconds = 3;

// Fetches at once: what a node runs (Fetches::kMaxRunning).
constexpr int kMaxGets = 16;

// Links at once: what the API takes.
constexpr int kMaxLinks = 64;

// Where CLI11 leaves what it read, until it becomes an Invocation.
struct Raw {
  Invocation invocation;
  std::string datadir, config_file, strategy = "auto";
  double seconds = kSearchSeconds;
  std::vector<std::vector<std::string>> settings = std::vector<std::vector<std::string>>(node::settings().size());
};

struct Tree {
  CLI::App app{"earshot finds and plays music in a network without servers.", "earshot"};
  Raw raw;
  std::vector<std::pair<CLI::App*, Command>> commands;

  Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

 private:
  CLI::App* command(Command which, const char* name, const std::string& what, CLI::App* parent = nullptr);
  void settings(CLI::App* command, std::initializer_list<std::string_view> groups);
  void client_commands();
  void publisher_commands();
  void operator_commands();
  void demo_command();
  void shell_commands();
};

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const node::IndexTaskRow& row : node::kIndexTasks) names.emplace_back(row.name);
  return names;
}

std::string index_help() {
  std::string text = "Tend the index, of the running node or of the data folder itself";
  for (const node::IndexTaskRow& row : node::kIndexTasks) text += fmt::format("\n  {:<8} {}", row.name, row.help);
  return text;
}

CLI::App* Tree::command(Command which, const char* name, const std::string& what, CLI::App* parent) {
  static const std::map<std::string, ColourChoice> kColours = {
      {"auto", ColourChoice::kAuto}, {"always", ColourChoice::kAlways}, {"never", ColourChoice::kNever}};
  static const std::map<std::string, ProgressChoice> kProgress = {{"auto", ProgressChoice::kAuto},
                                                                  {"plain", ProgressChoice::kPlain},
                                                                  {"json", ProgressChoice::kJson},
                                                                  {"none", ProgressChoice::kNone}};
  CLI::App* made = (parent ? parent : &app)->add_subcommand(name, what);
  made->add_flag("--json", raw.invocation.json, "One JSON object per line on stdout");
  made->add_option("--color", raw.invocation.style.colour, "Colours; auto: on a terminal without NO_COLOR")
      ->type_name("WHEN")
      ->transform(CLI::Transformer(kColours).description("{auto,always,never}"));
  made->add_option("--progress", raw.invocation.style.progress, "Progress on stderr; auto: a bar on a terminal")
      ->type_name("HOW")
      ->transform(CLI::Transformer(kProgress).description("{auto,plain,json,none}"));
  made->add_option("--datadir", raw.datadir, "Keep everything below this folder (EARSHOT_DATADIR)")
      ->type_name("FOLDER");
  made->add_option("--config", raw.config_file, "Configuration file (EARSHOT_CONFIG)")->type_name("FILE");
  commands.emplace_back(made, which);
  return made;
}

// The flags of the settings whose table or key is one of these.
void Tree::settings(CLI::App* command, std::initializer_list<std::string_view> groups) {
  const auto wanted = [&](std::string_view name) {
    return std::find(groups.begin(), groups.end(), name) != groups.end();
  };
  for (std::size_t i = 0; i < node::settings().size(); ++i) {
    const node::Setting& setting = node::settings()[i];
    if (!wanted(setting.key) && !wanted(setting.key.substr(0, setting.key.find('.')))) continue;
    const std::string help = fmt::format("{} ({})", setting.help, setting.environment);
    CLI::Option* option = command->add_option(std::string(setting.flag), raw.settings[i], help);
    option->type_name(std::string(setting.value));
    // A list's flag is repeated, one value each time, so that it never swallows a word that follows.
    option->expected(1)->allow_extra_args(false);
    option->multi_option_policy(setting.shape == node::Shape::kList ? CLI::MultiOptionPolicy::TakeAll
                                                                    : CLI::MultiOptionPolicy::TakeLast);
  }
}

std::vector<std::string> strategy_choices() {
  std::vector<std::string> names;
  for (const overlay::StrategyEntry& entry : overlay::strategies()) names.emplace_back(entry.name);
  return names;
}

void Tree::client_commands() {
  Invocation& to = raw.invocation;
  CLI::App* search =
      command(Command::kSearch, "search", "Search the network for words of a title, an artist or an album");
  search->add_option("words", to.paths, "What to search for; word* matches beginnings")->required();
  search->add_option("--strategy", raw.strategy, "How the question spreads")
      ->check(CLI::IsMember(strategy_choices()))
      ->capture_default_str();
  search->add_option("--ttl", to.search.ttl, "Hops of a flood or ring, or steps of each walker; 0: the node's default")
      ->capture_default_str();
  search->add_option("--walkers", to.search.walkers, "Walkers of a walk; 0: the node's default")->default_str("0");
  search->add_option("--limit", to.rows, "Rows to show at most")->check(CLI::Range(1, 1000))->capture_default_str();
  search->add_option("--time", raw.seconds, "Seconds to wait for answers")
      ->check(CLI::Range(0.1, 120.0))
      ->capture_default_str();
  search->add_option("--format", to.format, "A playlist of what is found instead of a table: for any player on this machine")
      ->check(CLI::IsMember({"m3u8", "xspf"}));
  settings(search, {"node.listen", "node.bootstrap", "node.lan", "node.local_only", "cli"});

  CLI::App* get = command(Command::kGet, "get", "Fetch rows of the last search, or content ids, and verify them");
  get->add_option("what", to.contents, "Rows' numbers, ppspp:..., torrent:..., magnet links, .torrent files")->required()->expected(1, kMaxGets);
  get->add_flag("--verify", to.verify, "Fetch nothing: say whether the file of --out is this content");
  get->add_option("--swarm", to.swarm, "What is a root hash in hexadecimal, and who has it another RFC 7574 program: HASH[,CHUNKS]@ADDRESS:PORT, with "
                  "HASH sha1, sha224 or sha256 and CHUNKS chunk32, chunk64, bin32 or bin64");
  get->add_option("-o,--out", to.out, "File or folder to write to")->type_name("PATH");
  settings(get, {"node.listen", "node.bootstrap", "node.lan", "node.local_only", "cli", "share"});

  CLI::App* play = command(Command::kPlay, "play", "Play a row of the last search, or a content id, while it comes");
  play->add_option("what", to.contents, "A row's number, ppspp:..., torrent:..., a magnet link, a .torrent file")->required()->expected(1);
  play->add_option("--player", to.player, "mpv, ffplay or vlc; - writes the sound to stdout (default: what is installed)");
  settings(play, {"node.listen", "node.bootstrap", "node.lan", "node.local_only", "cli"});

  LiveFlags& on_air = to.live;
  CLI::App* live = command(Command::kLive, "live", "Send sound from stdin to whoever listens (start), or hear it on stdout (listen)");
  live->add_option("action", on_air.action, "start or listen")->required()->check(CLI::IsMember({"start", "listen"}));
  live->add_option("id", on_air.id, "listen: what start printed, live:KEY@ADDRESS:PORT");
  live->add_option("--name", on_air.name, "start: what it is called")->capture_default_str();
  live->add_option("--kbps", on_air.kbps, "start: kilobits a second at which a file is sent; a pipe sets its own pace")
      ->check(CLI::Range(8, 20'000))
      ->capture_default_str();
  live->add_option("--slots", on_air.slots, "start: streams that leave this machine; listeners pass them on")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  live->add_option("--at", on_air.listen, "UDP address and port to use; port 0: any free one")->capture_default_str();
  live->add_option("--patience", on_air.patience, "listen: seconds without a byte until it ends")->check(CLI::Range(1, 86'400))->capture_default_str();
  live->add_flag("--p256", on_air.p256, "start: sign with ECDSA P-256 instead of Ed25519");
  live->add_flag("--draft10", on_air.draft10, "start: speak draft 10 of RFC 7574, for listeners of the libswift family; implies --p256");

  CLI::App* share = command(Command::kShare, "share", "Share folders and files; without any, list what is shared");
  share->add_option("paths", to.paths, "Folders or files")->type_name("PATH");
  settings(share, {"cli"});

  CLI::App* import =
      command(Command::kImport, "import", "Add rows of metadata from a table (.tsv, .tsv.zst) to the index");
  import->add_option("files", to.paths, "Tables; the first line names the columns")->type_name("FILE")->required();
  import->add_option("--skip", to.skip, "Rows to leave out at the start");
  import->add_option("--limit", to.limit, "Rows to take at most; 0: all");
  settings(import, {"cli"});

  CLI::App* index = command(Command::kIndex, "index", index_help());
  index->add_option("task", to.what, "What to do")->required()->check(CLI::IsMember(task_names()));
  index->add_option("paths", to.paths, "Tables to import, a table to export to, or the folder of backups");
  index->add_option("--skip", to.skip, "import: rows to leave out at the start");
  index->add_option("--limit", to.limit, "import: rows to take at most; 0: all");
  settings(index, {"cli", "index"});

  CLI::App* wish = command(Command::kWish, "wish", "Ask for something until somebody has it: add, list what was found, remove");
  wish->add_option("action", to.what, "What to do")->required()->check(CLI::IsMember({"add", "list", "remove"}));
  wish->add_option("words", to.paths, "add: what to wish for, as in a search; remove: the wish's number");
  settings(wish, {"cli"});

  publisher_commands();

  CLI::App* who = command(Command::kWho, "who", "Who holds a content: a row of the last search, or any content id");
  who->add_option("what", to.contents, "A row's number, or ppspp:...")->required()->expected(1);
  who->add_option("--time", raw.seconds, "Seconds to wait for answers")->check(CLI::Range(0.1, 120.0))->capture_default_str();
  settings(who, {"node.listen", "node.bootstrap", "node.lan", "node.local_only", "cli"});

  CLI::App* browse = command(Command::kBrowse, "browse", "What one peer shares, by artist, album and title");
  browse->add_option("peer", to.contents, "earshot://KEY@ADDRESS:PORT, or the key alone of one that was heard of")->required()->expected(1);
  browse->add_option("--from", to.skip, "The place of the list to begin at")->capture_default_str();
  browse->add_option("--limit", to.rows, "Rows to show at most")->check(CLI::Range(1, 1000))->capture_default_str();
  settings(browse, {"node.listen", "node.bootstrap", "node.lan", "node.local_only", "cli"});

  settings(command(Command::kInvite, "invite", "A link that brings somebody else into the network"), {"cli"});
  CLI::App* join = command(Command::kJoin, "join", "Join the network through somebody's link");
  join->add_option("links", to.contents, "earshot://KEY@ADDRESS:PORT")->required()->expected(1, kMaxLinks);
  settings(join, {"cli"});

  settings(command(Command::kStatus, "status", "What the running node is doing"), {"cli"});
  settings(command(Command::kPeers, "peers", "Who the running node is connected to"), {"cli"});
}

void Tree::publisher_commands() {
  Invocation& to = raw.invocation;
  CLI::App* follow = command(Command::kFollow, "follow", "Follow a publisher: what it puts out is known here, and given to others; without one, list");
  follow->add_option("who", to.contents, "A publisher's key, or a row of: earshot search kind:publisher NAME")->expected(1);
  settings(follow, {"cli"});
  CLI::App* mirror = command(Command::kMirror, "mirror", "Follow a publisher and keep its contents here, so that they outlive its machine");
  mirror->add_option("who", to.contents, "A publisher's key, or a row of the last search")->required()->expected(1);
  settings(mirror, {"cli"});
  CLI::App* unfollow = command(Command::kUnfollow, "unfollow", "Follow a publisher no more; what was mirrored stays in its folder");
  unfollow->add_option("who", to.contents, "A publisher's key, or a row of the last search")->required()->expected(1);
  settings(unfollow, {"cli"});

  PublishFlags& what = to.publish;
  CLI::App* publish = command(Command::kPublish, "publish", "Put files or a station into a catalogue that is signed by this node; without any, list");
  publish->add_option("files", to.paths, "Audio files, which are shared, too")->type_name("FILE");
  publish->add_option("--name", what.name, "Who publishes; --text, --language, --licence, --link and --art are about it");
  publish->add_option("--title", what.title, "Of the file or station; default: its tag");
  publish->add_option("--text", what.text, "What it is about");
  publish->add_option("--licence", what.licence, "Such as cc-by-sa");
  publish->add_option("--language", what.language, "Such as es, or en-GB");
  publish->add_option("--link", what.link, "A page about it");
  publish->add_option("--art", what.art, "A picture: JPEG, PNG or WebP")->type_name("FILE");
  publish->add_option("--kind", what.kind, "What the files are")->check(CLI::IsMember({"episode", "track"}))->capture_default_str();
  publish->add_option("--stream", what.stream, "Where a station is heard: live:KEY@ADDRESS:PORT, or an address of the web");
  publish->add_option("--withdraw", what.withdraw, "Take this content out of the catalogue again")->type_name("ID");
  settings(publish, {"cli"});

  CLI::App* feed = command(Command::kFeed, "feed", "Addresses for podcast players (list), or a feed of the web into our catalogue (import)");
  feed->add_option("action", to.what, "What to do; default: list")->check(CLI::IsMember({"list", "import"}));
  feed->add_option("what", to.contents, "import: the feed's address, or a file")->expected(1);
  feed->add_option("--limit", to.limit, "import: the newest episodes only, so many; 0: all");
  settings(feed, {"cli", "share"});
}

void Tree::operator_commands() {
  CLI::App* up = command(Command::kUp, "up", "Run a node in the background; returns when it is ready");
  up->add_flag("--no-page", raw.invocation.no_page, "Do not open the node's page in the browser");
  settings(up, {"node", "stream", "http", "radio", "share", "index", "log"});
  settings(command(Command::kDown, "down", "Stop the running node and wait until it has gone"), {"cli"});
  CLI::App* doctor = command(Command::kDoctor, "doctor", "Find what is wrong with this node, and say how to mend it");
  settings(doctor, {"node", "stream", "http", "radio", "share", "index", "log", "cli"});
  CLI::App* config = app.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  CLI::App* show = command(Command::kConfigShow, "show", "Every setting and its value", config);
  show->add_flag("--origin", raw.invocation.origin, "Also where each value comes from");
  settings(show, {"node", "stream", "http", "radio", "share", "index", "log", "cli"});
  command(Command::kConfigPaths, "paths", "The folders and files of this node", config);
}

void Tree::demo_command() {
  DemoFlags& to = raw.invocation.demo;
  CLI::App* demo = command(Command::kDemo, "demo", "A whole network on this machine: search it, fetch from it, verify");
  demo->add_option("--nodes", to.nodes, "Node processes")->check(CLI::Range(3, 200))->capture_default_str();
  demo->add_option("--kill", to.kill, "Nodes to kill before the search")->capture_default_str();
  demo->add_option("--strategy", to.strategy, "How the question spreads")
      ->check(CLI::IsMember(strategy_choices()))
      ->capture_default_str();
  demo->add_flag("--stream", to.stream, "Play a track while it comes, kill its first source, and compare every byte");
  demo->add_flag("--keep", to.keep, "Leave the network running and say how to use it");
  demo->add_option("--seed", to.seed, "Decides who holds what, who asks and who is killed")->capture_default_str();
  demo->add_option("--music", to.music, "Folder of music to spread (default: what is installed, else generated tones)")
      ->type_name("FOLDER");
  demo->add_option("--metadata", to.metadata, "Table of metadata rows to spread (EARSHOT_DEMO_METADATA)")
      ->type_name("FILE");
  demo->add_option("--out", to.out, "Folder for the fetched track")->type_name("FOLDER")->capture_default_str();
}

void Tree::shell_commands() {
  CLI::App* completion = command(Command::kCompletion, "completion", "A script that completes our words in a shell");
  completion->add_option("shell", raw.invocation.what, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* man = command(Command::kMan, "man", "A manual page as troff source (earshot man | man -l -)");
  man->add_option("page", raw.invocation.what, "earshot, earshot-COMMAND, earshot.toml; default: earshot");
  man->add_option("--out", raw.invocation.out, "Write every page into this folder instead")->type_name("FOLDER");
  CLI::App* help = command(Command::kHelp, "help", "Help on a command, or on: exit-codes, config");
  help->add_option("topic", raw.invocation.paths, "A command, exit-codes or config");
  command(Command::kVersion, "version", "The version");
}

Tree::Tree() {
  app.require_subcommand(1);
  CLI::App* run = command(Command::kNode, "node", "Run a node until Ctrl-C");
  settings(run, {"node", "stream", "http", "radio", "share", "index", "log"});
  client_commands();
  operator_commands();
  demo_command();
  shell_commands();
  app.set_version_flag("--version", fmt::format("earshot {}", node::version()));
  app.footer("Topics: earshot help exit-codes, earshot help config");
}

std::string joined(const std::vector<std::filesystem::path>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word.string();
  return text;
}

Invocation invocation_from(Tree& tree) {
  Raw& raw = tree.raw;
  Invocation result = raw.invocation;
  for (const auto& [made, which] : tree.commands) {
    if (made->parsed()) result.command = which;
  }
  if (!raw.datadir.empty()) result.config.datadir = raw.datadir;
  if (!raw.config_file.empty()) result.config.config_file = raw.config_file;
  for (std::size_t i = 0; i < raw.settings.size(); ++i) {
    if (!raw.settings[i].empty()) result.config.values.emplace(node::settings()[i].key, raw.settings[i]);
  }
  if (result.command == Command::kHelp) result.what = joined(result.paths);
  result.search.text = joined(result.paths);
  result.search.strategy = overlay::strategy_named(raw.strategy)->kind;
  result.search.limit = static_cast<std::uint16_t>(std::min(result.rows, limits::kMaxHitsPerHolder));
  result.search.time = Duration(static_cast<std::int64_t>(raw.seconds * 1e6));
  return result;
}

// "TEXT:{flood,walk}": CLI11 keeps the choices in the name of the type.
void split_type(const std::string& type, OptionRow& row) {
  const std::size_t open = type.find('{');
  row.value = type.substr(0, type.find(':'));
  if (open == std::string::npos || type.back() != '}') return;
  std::string_view rest = std::string_view(type).substr(open + 1, type.size() - open - 2);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    row.choices.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  if (option.get_positional()) {
    row.names = {option.get_name(/*positional=*/true)};
  } else {
    for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() > 0) split_type(option.get_type_name(), row);
  row.fallback = option.get_default_str();
  row.help = option.get_description();
  row.required = option.get_required();
  row.repeats =
      option.get_items_expected_max() > 1 || option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return row;
}

CommandRow row_of(const CLI::App& app, const std::string& above) {
  CommandRow row;
  row.name = app.get_parent() ? above + (above.empty() ? "" : " ") + app.get_name() : "";
  row.what = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? row.positionals : row.options).push_back(row_of(*option));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    row.commands.push_back(row_of(*below, row.name));
  return row;
}

Finished refused(const CLI::ParseError& error, std::span<const std::string> words) {
  const Misuse misuse = explain_misuse(option_tree(), words, error.what());
  if (std::find(words.begin(), words.end(), "--json") != words.end())
    std::cout << error_line({ErrorCode::kInvalid, misuse.what}) << "\n";
  std::cerr << "earshot: " << misuse.what << "\nsee: " << misuse.see << "\n";
  return {ExitCode::kUsage};
}

}  // namespace

std::variant<Invocation, Finished> parse_flags(int argc, const char* const* argv) {
  Tree tree;
  try {
    tree.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return refused(error, std::vector<std::string>(argv + 1, argv + std::max(argc, 1)));
    tree.app.exit(error, std::cout, std::cerr);
    return Finished{ExitCode::kDone};
  }
  Invocation invocation = invocation_from(tree);
  if (invocation.command == Command::kSearch) {
    if (const auto valid = validate(invocation.search); !valid) {
      std::cerr << "earshot search: " << valid.error().what << "\n";
      return Finished{ExitCode::kUsage};
    }
  }
  return invocation;
}

CommandRow option_tree() {
  const Tree tree;
  return row_of(tree.app, "");
}

std::optional<std::string> help_text(const std::string& topic) {
  Tree tree;
  if (topic.empty()) return tree.app.help();
  if (topic == "exit-codes") return exit_code_help();
  if (topic == "config") return config_help();
  for (const auto& [made, ignored] : tree.commands) {
    const bool nested = made->get_parent() != &tree.app;
    const std::string name = (nested ? made->get_parent()->get_name() + " " : "") + made->get_name();
    if (name == topic) return made->help("earshot " + topic, CLI::AppFormatMode::Sub);
  }
  return std::nullopt;
}

}  // namespace earshot::cli
