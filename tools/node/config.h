// What a person may set: one table of settings, four places where a value can come from, and the folders of a user.
// A flag beats the environment, which beats the file, which beats the default; each value remembers where it came from.
// Not here: reading the command line (tools/cli/flags).
//
// The file is TOML, at most 64 KiB, and strict: an unknown key, a wrong type or a value out of range is an error that
// names its line. Rationale: a misspelt key that is ignored in silence is a setting that a person believes to be on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::node {

/// Reads one environment variable; nothing when it is not set. Empty counts as not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
Environment process_environment();

/// Where things lie (XDG base directories), or all of them below one folder.
struct Folders {
  std::filesystem::path config;    // earshot.toml
  std::filesystem::path data;      // key, index, chunks
  std::filesystem::path state;     // what is shared, remembered peers, the last search
  std::filesystem::path cache;     // may be deleted at any time
  std::filesystem::path runtime;   // socket and token, gone after a restart
  std::filesystem::path download;  // fetched music, for people
};

/// With `datadir` everything lies below it. Relative XDG variables are ignored, as the specification asks.
/// Errors: kInvalid when neither `datadir` nor HOME says where.
Result<Folders> resolve_folders(const Environment& environment, const std::optional<std::filesystem::path>& datadir);

enum class Origin : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };

/// What a node is for. An index node answers for many: more memory for its index, more links, so that strangers find it
/// and others lean on it.
enum class NodeRole : std::uint8_t { kNode, kIndex };

/// One setting, decided.
struct Decided {
  Origin origin = Origin::kDefault;
  std::string place;               // "--listen", "EARSHOT_LISTEN", "earshot.toml:3", "default"
  std::vector<std::string> texts;  // as written there; one, but for a list
};

struct Config {
  NodeRole role = NodeRole::kNode;
  Folders folders;
  Endpoint listen;                           // overlay, TCP
  std::vector<Contact> bootstrap;            // nodes to join through
  Duration publish_after = 1min;             // that a library is told to others
  bool lan = true;                           // finds nodes of the local network
  bool browsable = true;                    // shows what it shares to who asks for the list
  bool local_only = false;                   // keeps to it
  bool port_mapping = true;                  // asks the router to let others in
  std::uint16_t links = 256;                 // to other nodes, at most, each way
  std::uint16_t stream_port = 0;             // UDP; 0: any free port
  std::uint32_t upload_kb = 0;               // kB a second that streams may send; 0: no limit
  std::uint32_t download_kb = 0;             // and take
  std::uint16_t http_port = 0;               // loopback TCP; 0: any free port
  std::optional<Endpoint> radio;             // TCP, where stations are; none: no radio
  std::filesystem::path radio_fallback;      // what stations play while their source is away; empty: nothing
  std::uint16_t radio_fallback_kbps = 128;   // of that file
  std::vector<std::filesystem::path> share;  // folders and files shared at every start
  std::uint32_t cache_mb = 32;               // index caches
  std::uint32_t disk_mb = 0;                 // most that the index may take; 0: no limit
  bool transliterate = false;                // other scripts are found by Latin spellings, too
  bool sync = true;                          // the index survives a power cut, not only a crash
  std::string log_level = "info";
  std::filesystem::path log_file;    // empty: stderr
  std::string url;                   // talk to this node instead of the one of the data folder
  std::filesystem::path token_file;  // token for `url`

  /// One per row of settings().
  std::vector<Decided> decided;
};

/// How a setting is written in the file.
enum class Shape : std::uint8_t { kText, kNumber, kSwitch, kList };

struct Setting {
  std::string_view key;          // "node.listen": table and key in the file
  std::string_view flag;         // "--listen"
  std::string_view environment;  // "EARSHOT_LISTEN"; a list is separated by spaces there
  Shape shape = Shape::kText;
  std::string_view value;           // what it takes, for people: "ADDRESS:PORT"
  std::string_view fallback;        // the default, as text
  std::string_view index_fallback;  // the default of role "index"; empty: the same
  std::string_view help;
  Result<void> (*apply)(Config&, std::span<const std::string> values) = nullptr;
};

/// The one table: file, environment, flags and help are all made from it. The first row is the role, which decides the
/// defaults of the others.
std::span<const Setting> settings();

/// What was decided about a key. REQUIRES: the key is one of settings().
const Decided& decided_on(const Config& config, std::string_view key);

/// The largest configuration file.
inline constexpr std::size_t kMaxConfigBytes = 64 * 1024;

struct ConfigSources {
  std::map<std::string, std::vector<std::string>, std::less<>> flags;  // by Setting::key
  Environment environment;
  std::string file_name = "earshot.toml";  // for messages
  std::string file_text;
  Folders folders;
};

/// Pure: decides every setting. Errors: kInvalid, naming the place ("earshot.toml:3: ...", "--listen: ...").
Result<Config> decide_config(const ConfigSources& sources);

/// Where to look when a program starts: flags as typed.
struct ConfigFlags {
  std::optional<std::filesystem::path> datadir;      // --datadir, else EARSHOT_DATADIR
  std::optional<std::filesystem::path> config_file;  // --config, else EARSHOT_CONFIG
  std::map<std::string, std::vector<std::string>, std::less<>> values;
};

/// The configuration file of these folders, or the one that was named.
std::filesystem::path config_file_of(const Folders& folders, const ConfigFlags& flags, const Environment& environment);

/// Resolves the folders, reads the file when there is one (it must exist when it was named) and decides.
Result<Config> load_config(const ConfigFlags& flags, const Environment& environment);

}  // namespace earshot::node
