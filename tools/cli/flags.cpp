// The tree of commands and flags, and the help made from it. The only file that includes CLI11.
#include "tools/cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "tools/node/api.h"

namespace earshot::cli {

namespace {

// Seconds that a search from the command line stays open: rows come in the first, stragglers in the rest.
constexpr double kSearchSeconds = 3;

// Fetches at once: what a node runs (Fetches::kMaxRunning).
constexpr int kMaxGets = 16;

// Where CLI11 leaves what it read, until it becomes an Invocation.
struct Raw {
  Invocation invocation;
  std::string datadir, config_file, strategy = "flood";
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
  CLI::App* command(Command which, const char* name, const char* what);
  void settings(CLI::App* command, std::initializer_list<std::string_view> groups);
  void client_commands();
  void demo_command();
};

CLI::App* Tree::command(Command which, const char* name, const char* what) {
  CLI::App* made = app.add_subcommand(name, what);
  made->add_flag("--json", raw.invocation.json, "One JSON object per line on stdout");
  made->add_option("--datadir", raw.datadir, "Keep everything below this folder (EARSHOT_DATADIR)");
  made->add_option("--config", raw.config_file, "Configuration file (EARSHOT_CONFIG)");
  commands.emplace_back(made, which);
  return made;
}

// The flags of the settings whose key starts with one of these tables.
void Tree::settings(CLI::App* command, std::initializer_list<std::string_view> groups) {
  for (std::size_t i = 0; i < node::settings().size(); ++i) {
    const node::Setting& setting = node::settings()[i];
    const std::string_view table = setting.key.substr(0, setting.key.find('.'));
    if (std::find(groups.begin(), groups.end(), table) == groups.end()) continue;
    const std::string help = fmt::format("{} ({})", setting.help, setting.environment);
    CLI::Option* option = command->add_option(std::string(setting.flag), raw.settings[i], help);
    option->type_name(setting.shape == node::Shape::kNumber   ? "NUMBER"
                      : setting.shape == node::Shape::kSwitch ? "true|false"
                                                              : "TEXT");
    // A list's flag is repeated, one value each time, so that it never swallows a word that follows.
    option->expected(1)->allow_extra_args(false);
    option->multi_option_policy(setting.shape == node::Shape::kList ? CLI::MultiOptionPolicy::TakeAll
                                                                    : CLI::MultiOptionPolicy::TakeLast);
  }
}

void Tree::client_commands() {
  Invocation& to = raw.invocation;
  CLI::App* search =
      command(Command::kSearch, "search", "Search the network for words of a title, an artist or an album");
  search->add_option("words", to.paths, "What to search for; word* matches beginnings")->required();
  search->add_option("--strategy", raw.strategy, "How the question spreads")
      ->check(CLI::IsMember({"flood", "walk"}))
      ->capture_default_str();
  search->add_option("--ttl", to.search.ttl, "Hops of a flood, or steps of each walker; 0: the node's default")
      ->capture_default_str();
  search->add_option("--walkers", to.search.walkers, "Walkers of a walk; 0: the node's default")->capture_default_str();
  search->add_option("--limit", to.rows, "Rows to show at most")->check(CLI::Range(1, 1000))->capture_default_str();
  search->add_option("--time", raw.seconds, "Seconds to wait for answers")
      ->check(CLI::Range(0.1, 120.0))
      ->capture_default_str();
  settings(search, {"node", "cli"});

  CLI::App* get = command(Command::kGet, "get", "Fetch rows of the last search, or content ids, and verify them");
  get->add_option("what", to.contents, "Rows' numbers, or ppspp:...")->required()->expected(1, kMaxGets);
  get->add_flag("--verify", to.verify, "Fetch nothing: say whether the file of --out is this content");
  get->add_option("-o,--out", to.out, "File or folder to write to");
  settings(get, {"node", "cli", "share"});

  CLI::App* play = command(Command::kPlay, "play", "Play a row of the last search, or a content id, while it comes");
  play->add_option("what", to.contents, "A row's number, or ppspp:...")->required()->expected(1);
  play->add_option("--player", to.player, "mpv, ffplay or vlc; - writes the sound to stdout (default: what is installed)");
  settings(play, {"node", "cli"});

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

  CLI::App* share = command(Command::kShare, "share", "Share folders and files; without any, list what is shared");
  share->add_option("paths", to.paths, "Folders or files");
  settings(share, {"cli"});

  CLI::App* import =
      command(Command::kImport, "import", "Add rows of metadata from a table (.tsv, .tsv.zst) to the index");
  import->add_option("files", to.paths, "Tables; the first line names the columns")->required();
  import->add_option("--skip", to.skip, "Rows to leave out at the start");
  import->add_option("--limit", to.limit, "Rows to take at most; 0: all");
  settings(import, {"cli"});

  settings(command(Command::kStatus, "status", "What the running node is doing"), {"cli"});
  settings(command(Command::kPeers, "peers", "Who the running node is connected to"), {"cli"});
}

void Tree::demo_command() {
  DemoFlags& to = raw.invocation.demo;
  CLI::App* demo = command(Command::kDemo, "demo", "A whole network on this machine: search it, fetch from it, verify");
  demo->add_option("--nodes", to.nodes, "Node processes")->check(CLI::Range(3, 200))->capture_default_str();
  demo->add_option("--kill", to.kill, "Nodes to kill before the search")->capture_default_str();
  demo->add_flag("--stream", to.stream, "Play a track while it comes, kill its first source, and compare every byte");
  demo->add_flag("--keep", to.keep, "Leave the network running and say how to use it");
  demo->add_option("--seed", to.seed, "Decides who holds what, who asks and who is killed")->capture_default_str();
  demo->add_option("--music", to.music, "Folder of music to spread (default: what is installed, else generated tones)");
  demo->add_option("--metadata", to.metadata, "Table of metadata rows to spread (EARSHOT_DEMO_METADATA)");
  demo->add_option("--out", to.out, "Folder for the fetched track")->capture_default_str();
}

Tree::Tree() {
  app.require_subcommand(1);
  CLI::App* run = command(Command::kNode, "node", "Run a node until Ctrl-C");
  settings(run, {"node", "stream", "http", "share", "index", "log"});
  client_commands();
  demo_command();
  CLI::App* help = command(Command::kHelp, "help", "Help on a command, or on: exit-codes, config");
  help->add_option("topic", raw.invocation.what, "A command, exit-codes or config");
  command(Command::kVersion, "version", "The version");
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
  result.search.text = joined(result.paths);
  result.search.strategy = raw.strategy == "walk" ? StrategyKind::kWalk : StrategyKind::kFlood;
  result.search.limit = static_cast<std::uint16_t>(std::min(result.rows, limits::kMaxHitsPerHolder));
  result.search.time = Duration(static_cast<std::int64_t>(raw.seconds * 1e6));
  return result;
}

std::string exit_code_help() {
  std::string text = "Exit codes\n";
  for (const ExitCodeRow& row : kExitCodes)
    text += fmt::format("  {:>3}  {}\n", static_cast<int>(row.code), row.meaning);
  return text;
}

std::string config_help() {
  std::string text =
      "Configuration\n"
      "  A flag beats the environment, which beats earshot.toml, which beats the default.\n"
      "  The file lies in $XDG_CONFIG_HOME/earshot (or ~/.config/earshot), or in the --datadir. An unknown key is an\n"
      "  error. 'node.listen' is written as  [node]  and below it  listen = \"0.0.0.0:4040\".\n\n";
  for (const node::Setting& setting : node::settings()) {
    text += fmt::format("  {}\n      {}\n      flag {}, environment {}, default {}\n", setting.key, setting.help,
                        setting.flag, setting.environment, setting.fallback.empty() ? "none" : setting.fallback);
  }
  text +=
      "\n  --datadir FOLDER (EARSHOT_DATADIR) puts configuration, data, state, cache and runtime files below one "
      "folder.\n";
  return text;
}

}  // namespace

std::variant<Invocation, Finished> parse_flags(int argc, const char* const* argv) {
  Tree tree;
  try {
    tree.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    tree.app.exit(error, std::cout, std::cerr);
    return Finished{asked_for_help ? ExitCode::kDone : ExitCode::kUsage};
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

std::optional<std::string> help_text(const std::string& topic) {
  Tree tree;
  if (topic.empty()) return tree.app.help();
  if (topic == "exit-codes") return exit_code_help();
  if (topic == "config") return config_help();
  for (const auto& [made, ignored] : tree.commands) {
    if (made->get_name() == topic) return made->help("earshot " + topic, CLI::AppFormatMode::Sub);
  }
  return std::nullopt;
}

}  // namespace earshot::cli
