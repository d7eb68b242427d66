// What is wrong with a node, judged from plain facts. Pure: doctor.cpp looks at the machine, this says what it means
// and how to mend it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/exit_code.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

enum class Level : std::uint8_t { kGood, kNote, kWarning, kBad };

struct Finding {
  std::string check;  // "ports", "disk", ...: stable, for scripts
  Level level = Level::kGood;
  std::string what;
  std::string remedy;               // empty when there is nothing to do
  ExitCode code = ExitCode::kDone;  // how the doctor ends when this is the worst
};

/// "good", "note", "warning", "bad".
std::string_view name_of(Level level);

/// A file or folder of ours.
struct PathFacts {
  std::string what;  // "data folder", "key", ...
  std::string path;
  bool is_folder = false;
  bool exists = false;
  bool is_ours = true;  // owned by whom we run as
  bool is_writable = true;
  std::uint32_t mode = 0700;  // permission bits
};

/// A port that the configuration names, tried where no node holds it.
struct PortFacts {
  std::string what;  // "node.listen (TCP 4040)"
  std::string key;   // "node.listen"
  std::uint16_t number = 0;
  bool is_free = true;
  std::string why_not;  // of the system
};

struct ContactFacts {
  std::string endpoint;
  bool answers = false;
};

struct NodeFacts {
  bool lock_is_held = false;  // some process holds the data folder
  bool socket_exists = false;
  bool answers = false;  // on the socket
  std::optional<StatusLine> status;
  std::size_t inbound = 0;  // links that others dialled
};

struct Facts {
  std::string config_error;  // empty: the configuration was understood
  std::string config_file;
  bool config_exists = false;
  bool runs_as_root = false;
  bool has_runtime_dir = true;  // XDG_RUNTIME_DIR, or a --datadir
  std::size_t socket_path_bytes = 0;
  std::vector<PathFacts> paths;
  std::vector<PathFacts> shares;
  std::uint64_t free_bytes = 0, total_bytes = 0;  // where the data lie
  std::uint64_t descriptors = 0;                  // RLIMIT_NOFILE, soft
  std::uint64_t descriptors_hard = 0;
  std::uint64_t wanted_descriptors = 0;  // links x 2, and a hundred for files
  std::int64_t clock_year = 0;
  bool clock_is_synchronised = true;
  std::vector<PortFacts> ports;
  std::vector<ContactFacts> contacts;
  std::size_t remembered_contacts = 0;
  NodeFacts node;
  std::string index_error;  // of opening it where no node runs; empty: it opened, or was not tried
  std::uint64_t index_tracks = 0;
  bool index_was_opened = false;
  std::vector<std::string> players;  // that are installed
};

/// One finding a check, in the order in which a person would ask.
std::vector<Finding> judge(const Facts& facts);

/// The code of the first bad finding, else kDone.
ExitCode exit_code_of(const std::vector<Finding>& findings);

}  // namespace earshot::cli
