// The HTTP API without HTTP: requests in, answers out, no sockets. The server (http_server) and the light node of the
// command line (tools/cli/client) both call it.
//
//   GET  /api/v1/status     one object
//   GET  /api/v1/peers      lines: peer ..., done
//   GET  /api/v1/shares     lines: share ..., done
//   POST /api/v1/searches   {"text", ...}      lines: hit ... as they arrive, summary | error
//   POST /api/v1/fetches    {"content", ...}   lines: progress ..., done | error
//   POST /api/v1/shares     {"path"}           lines: progress ..., done | error
//   POST /api/v1/imports    {"path", ...}      lines: progress ..., done | error
//   POST /api/v1/index      {"task", ...}      lines: progress ..., done | error
//   POST /api/v1/join       {"contacts"}       one object
//   POST /api/v1/shutdown   {}                 one object
//
// A GET changes nothing. Lines are JSON objects (api_json.h), one a line; the last one says how it ended. A reader that
// goes away ends what it asked for: its search is cancelled, its fetch stopped, its scan given up.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "index/index.h"
#include "tools/node/api_access.h"
#include "tools/node/fetches.h"
#include "tools/node/library.h"
#include "tools/node/node.h"
#include "tools/node/scanner.h"
#include "tools/node/sightings.h"
#include "tools/node/worker.h"

namespace earshot::node {

/// Where one answer goes: either one reply(), or any number of line() and then close(). Thread-safe; never blocks.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void reply(Reply reply) = 0;
  virtual void line(std::string object) = 0;
  virtual void close() = 0;
  /// Called once, from any thread, when the reader goes away before close(); at once when it has gone already.
  virtual void when_gone(std::function<void()> gone) = 0;
};

/// What the API speaks for. All of it outlives the Api.
struct ApiParts {
  Node& node;
  index::Index& index;
  Scanner& scanner;
  Worker& worker;
  Fetches& fetches;
  std::filesystem::path download;
  std::string role;                 // "node" or "light"
  std::function<void()> shut_down;  // asks the program to end; returns at once
  Library* library = nullptr;       // the index again, for those who tend it; null: nobody may
};

/// handle() is called from one thread; answers come from others too.
class Api {
 public:
  Api(ApiParts parts, Access access) : parts_(std::move(parts)), access_(std::move(access)) {}

  /// The loopback listener's address, once it has one.
  void listening_on(const Endpoint& http) {
    http_ = http;
    access_.port = http.port;
  }

  void handle(const Request& request, const std::shared_ptr<Channel>& channel);

 private:
  struct Route {
    std::string_view method;
    std::string_view path;
    void (Api::*serve)(const Request&, const std::shared_ptr<Channel>&);
  };
  static const Route kRoutes[];

  void status(const Request& request, const std::shared_ptr<Channel>& channel);
  void peers(const Request& request, const std::shared_ptr<Channel>& channel);
  void shares(const Request& request, const std::shared_ptr<Channel>& channel);
  void search(const Request& request, const std::shared_ptr<Channel>& channel);
  void fetch(const Request& request, const std::shared_ptr<Channel>& channel);
  void share(const Request& request, const std::shared_ptr<Channel>& channel);
  void import(const Request& request, const std::shared_ptr<Channel>& channel);
  void index(const Request& request, const std::shared_ptr<Channel>& channel);
  void join(const Request& request, const std::shared_ptr<Channel>& channel);
  void shutdown(const Request& request, const std::shared_ptr<Channel>& channel);

  ApiParts parts_;
  Access access_;
  Endpoint http_;
  std::shared_ptr<Sightings> sightings_ = std::make_shared<Sightings>();
};

/// The program's version, told to neighbors and people.
std::string_view version();

}  // namespace earshot::node
