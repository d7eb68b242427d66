// HTTP/1.1 on one thread: a unix socket for the owner's own programs and a loopback port for the page, the same answers
// on both. It moves requests and lines; what they mean is the Api's business.
//
// Limits, each with what happens when it is reached: header 8 KiB and 5 s, body 64 KiB and 10 s (answered or cut), 64
// connections a listener (one more is closed at once), 4 MiB of lines that a reader has not taken (cut), 30 s for a
// write (cut). Rationale for the two counts: a page that leaks connections must not lock the owner out of the socket.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "tools/node/api.h"

namespace earshot::node {

class HttpServer {
 public:
  using Handler = std::function<void(const Request&, const std::shared_ptr<Channel>&)>;

  /// Binds both. The socket is 0600; its folder must be private already. A stale socket file is replaced: the caller
  /// holds the data folder's lock. Errors: kInvalid (socket path too long), kUnreachable (port taken), kDisk.
  static Result<std::unique_ptr<HttpServer>> open(const std::filesystem::path& socket, std::uint16_t port);

  /// Closes every connection and removes the socket. Every Channel must be gone by then.
  virtual ~HttpServer() = default;

  /// The loopback listener.
  virtual Endpoint endpoint() const = 0;

  /// Serves until stop(), SIGINT or SIGTERM; answers that are under way get half a second to leave.
  virtual void run(Handler handler) = 0;

  /// From any thread.
  virtual void stop() = 0;
};

}  // namespace earshot::node
