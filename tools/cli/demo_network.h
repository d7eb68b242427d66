// Node processes of our own, below one temporary folder: started, asked, killed, and none left behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"
#include "tools/cli/client.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

struct DemoNode {
  std::filesystem::path folder;  // its --datadir; its log is `log` in it
  std::filesystem::path shared;  // the music it shares
  pid_t pid = -1;                // -1: not running
  StatusLine status;             // as last asked
  bool running() const { return pid > 0; }
};

class DemoNetwork {
 public:
  /// Makes the temporary folder and one for each node. Nothing runs yet. `program` is what the nodes run: ourselves, or another
  /// build of earshot. Errors: kDisk.
  static Result<DemoNetwork> create(std::size_t nodes, bool keep, std::string program = "/proc/self/exe");

  DemoNetwork(DemoNetwork&& other) noexcept;
  DemoNetwork& operator=(DemoNetwork&&) = delete;
  /// Ends every process and removes the folder, unless keep().
  ~DemoNetwork();

  std::vector<DemoNode>& nodes() { return nodes_; }
  const std::filesystem::path& folder() const { return folder_; }

  /// Starts the process of one node, with more flags. Children die with this process, unless the network is to be kept.
  Result<void> start(std::size_t node, const std::string& bootstrap, const std::vector<std::string>& more = {});

  /// Asks a node for its status until `ready` says so. Errors: kTimedOut (with the end of its log), kStopped,
  /// kUnreachable when the process ended.
  Result<void> wait_until(std::size_t node, const std::function<bool(const StatusLine&)>& ready,
                          std::chrono::milliseconds patience);

  /// One request to a node; `on_line` gets every line.
  Result<void> ask(std::size_t node, std::string_view method, std::string_view target, const std::string& body,
                   const Reader& reader);

  Result<void> refresh(std::size_t node);

  /// kill -9.
  void kill(std::size_t node);

  /// From here on nothing is ended or removed.
  void leave_running() { folder_.clear(); }

 private:
  DemoNetwork(std::filesystem::path folder, bool keep, std::string program)
      : folder_(std::move(folder)), keep_(keep), program_(std::move(program)) {}
  bool has_ended(DemoNode& node);
  void stop_all();

  std::filesystem::path folder_;
  bool keep_ = false;
  std::string program_;
  std::vector<DemoNode> nodes_;
};

}  // namespace earshot::cli
