// Talks to a node: over the unix socket of its data folder, over loopback with its token, or, when none runs, to a
// light node inside this process. The same requests and lines on all three (tools/node/api.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "schema/result.h"
#include "tools/node/config.h"

namespace earshot::cli {

/// What is done with an answer while it comes.
struct Reader {
  /// One JSON object. False: no more is wanted, the request is given up.
  std::function<bool(std::string_view)> on_line;
  /// Some ten times a second while nothing comes. May be empty.
  std::function<void()> on_idle;
  /// The bytes of a content, when that was asked for; a refusal comes as a line all the same. False: no more is wanted.
  std::function<bool(std::string_view)> on_bytes = nullptr;
};

class Client {
 public:
  virtual ~Client() = default;

  /// One request; returns the HTTP status after the last line. A body is sent as JSON.
  /// Errors: kUnreachable (the node went away), kStopped (Ctrl-C), kCorrupt (not HTTP), kTimedOut.
  virtual Result<int> call(std::string_view method, std::string_view target, const std::string& body,
                           const Reader& reader) = 0;
};

/// The node of a data folder. Errors: kUnreachable when none listens.
Result<std::unique_ptr<Client>> connect_to_socket(const std::filesystem::path& socket);

/// The node that the configuration names: cli.url when set, else the one of the runtime folder.
Result<std::unique_ptr<Client>> connect_to_node(const node::Config& config);

/// Starts a node inside this process and waits until it has a neighbor. `say` is told what is being waited for.
/// Errors: kUnreachable (no peers), and those of node::Daemon::open.
/// `alone`: it does not wait for peers, for what comes from elsewhere (a torrent).
Result<std::unique_ptr<Client>> start_light_node(const node::Config& config, bool alone,
                                                 const std::function<void(std::string_view)>& say);

}  // namespace earshot::cli
