// Builds the tree of one running node and takes it down again: key, index, engines, network, scanner, API. The only
// place that knows every engine.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "index/index.h"
#include "overlay/net/identity.h"
#include "schema/result.h"
#include "tools/node/api.h"
#include "tools/node/config.h"
#include "tools/node/covers.h"
#include "tools/node/fetches.h"
#include "tools/node/folder_watch.h"
#include "tools/node/http_server.h"
#include "tools/node/lan_beacon.h"
#include "tools/node/library.h"
#include "tools/node/link_carrier.h"
#include "tools/node/node.h"
#include "tools/node/port_mapping.h"
#include "tools/node/providers.h"
#include "tools/node/publishers.h"
#include "tools/node/runtime_files.h"
#include "tools/node/scanner.h"
#include "tools/node/tag_child.h"
#include "tools/node/wishes.h"
#include "tools/node/worker.h"

namespace earshot::node {

/// A full node serves its API over HTTP and offers what is shared; a light one lives inside one command, listens on any
/// free port and answers nobody's HTTP.
enum class Role : std::uint8_t { kFull, kLight };

/// Members stand in the order in which they are built; they go in the reverse one, so that whoever calls goes before
/// what it calls.
class Daemon {
 public:
  /// Errors: kExhausted (another one runs on this data folder), kDenied, kDisk, kCorrupt, kInvalid, kUnreachable.
  static Result<std::unique_ptr<Daemon>> open(const Config& config, Role role);

  ~Daemon();

  Api& api() { return *api_; }
  Node& node() { return *node_; }

  /// Full role: shares what the record and the configuration name, then serves until SIGINT, SIGTERM or a shutdown
  /// request.
  void run();

 private:
  Daemon(const Config& config, FolderLock lock) : config_(config), lock_(std::move(lock)) {}

  Result<void> open_library();
  Result<void> open_network(Role role);
  Result<void> open_api(Role role);
  Result<void> open_radio(ApiParts& parts);
  Result<void> open_publishers(ApiParts& parts);
  void be_found(Role role);
  Contact invitation() const;
  void share_everything();
  void scan(const std::filesystem::path& path);

  Config config_;
  FolderLock lock_;
  std::unique_ptr<overlay::net::Identity> identity_;
  std::unique_ptr<Library> index_;
  std::shared_ptr<LinkCarrier> links_ = std::make_shared<LinkCarrier>();
  Engines engines_;
  TagChild tag_child_{{}};
  std::unique_ptr<Scanner> scanner_;
  std::unique_ptr<Covers> covers_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<FolderWatch> watch_;  // stopped before anything goes: it posts to the worker, whose jobs tell it
  std::unique_ptr<Worker> worker_;
  Providers providers_;  // stopped before the node goes
  std::unique_ptr<Fetches> fetches_;
  std::unique_ptr<Plays> plays_;
  std::unique_ptr<Users> users_;
  std::unique_ptr<Radio> radio_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Wishes> wishes_;
  std::unique_ptr<Publishers> publishers_;
  std::unique_ptr<LanBeacon> beacon_;
  mutable std::mutex external_mutex_;
  std::optional<Endpoint> external_;  // where the router lets others in; guarded by external_mutex_
  std::unique_ptr<PortMapping> mapping_;
  std::unique_ptr<Api> api_;
};

}  // namespace earshot::node
