// The command line as a value. CLI11 stays inside flags.cpp, and its own configuration files and environment variables
// are not used: there a file would beat the environment (tools/node/config decides instead).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schema/search.h"
#include "tools/cli/console_style.h"
#include "tools/cli/exit_code.h"
#include "tools/node/config.h"

namespace earshot::cli {

enum class Command : std::uint8_t {
  kNode, kUp, kDown, kSearch, kGet, kPlay, kLive, kShare, kImport, kIndex, kWish, kFollow, kMirror, kUnfollow, kPublish, kFeed,
  kWho, kBrowse, kInvite, kJoin, kStatus, kPeers, kDoctor, kConfigShow, kConfigPaths, kDemo, kCompletion, kMan, kHelp, kVersion
};

struct DemoFlags {
  std::uint32_t nodes = 24;
  std::uint32_t kill = 0;
  bool keep = false;
  bool stream = false;
  std::string strategy = "auto";
  std::uint64_t seed = 1;
  std::filesystem::path music;     // empty: what is installed, else generated tones
  std::filesystem::path metadata;  // empty: EARSHOT_DEMO_METADATA, else none
  std::filesystem::path out = "earshot-demo";
};

struct LiveFlags {
  std::string action;            // start, listen
  std::string id;                // listen: live:KEY@ADDRESS:PORT
  std::string name = "untitled";
  std::string listen = "0.0.0.0:0";
  std::uint32_t kbps = 128;      // of a file that is sent
  std::size_t slots = 3;         // streams that leave this machine
  std::uint32_t patience = 30;   // seconds without a byte until a listener gives up
  bool p256 = false;
  bool draft10 = false;
};

struct PublishFlags {
  std::string name;                          // who we are as a publisher; then text, language, licence and link are about us
  std::string title, text, language, licence, link;
  std::string kind = "episode";              // of files
  std::string stream;                        // a station's address
  std::string withdraw;                      // a content id
  std::filesystem::path art;
};

struct Invocation {
  Command command = Command::kHelp;
  bool json = false;
  ConsoleStyle style;
  node::ConfigFlags config;
  SearchRequest search;                      // search; wish: its text, or its number
  std::size_t rows = 20;                     // search, browse: rows shown at most
  std::string what;                          // index: the task; wish: add, list or remove; feed: list or import; help: a topic;
                                             // completion: a shell; man: a page
  std::vector<std::string> contents;         // get, play, who: rows' numbers or content ids; join: links; browse: a peer
  bool verify = false;                       // get: check a file that is here
  std::string swarm;                         // get: HASH[,ADDRESSING]@ADDRESS:PORT of another RFC 7574 program; empty: none
  std::string player;                        // play: empty: the first that is installed; "-": stdout
  std::vector<std::filesystem::path> paths;  // share, import, index
  std::filesystem::path out;                 // get, man
  bool no_page = false;                      // up: the browser stays closed
  bool origin = false;                       // config show: where each value comes from
  std::uint64_t skip = 0, limit = 0;         // import, index import: rows; browse: the first place (skip)
  std::string format;                        // search: m3u8 or xspf; empty: a table
  PublishFlags publish;
  DemoFlags demo;
  LiveFlags live;
};

/// There is nothing more to do: help or an error was printed.
struct Finished {
  ExitCode code;
};

std::variant<Invocation, Finished> parse_flags(int argc, const char* const* argv);

/// What `earshot help [topic]` prints; nothing for an unknown topic.
std::optional<std::string> help_text(const std::string& topic);

}  // namespace earshot::cli
