// Composition of a node. spdlog is set up here; one line a decision, key=value.
#include "tools/node/daemon.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>

#include "stream/ppspp/engine.h"
#include "tools/node/identify.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

void set_up_log(const std::string& level) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("earshot", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
}

// A light node announces itself on any free port of the family that the configuration listens on.
Endpoint any_port(Endpoint endpoint) {
  endpoint.port = 0;
  return endpoint;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(const Config& config, Role role) {
  set_up_log(role == Role::kFull ? config.log_level : "error");
  const Folders& folders = config.folders;
  for (const fs::path& folder : {folders.data, folders.state, folders.runtime}) {
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(made.error());
  }
  auto lock = FolderLock::take(folders.data);
  if (!lock) return tl::unexpected(lock.error());
  std::unique_ptr<Daemon> daemon(new Daemon(config, std::move(*lock)));
  if (auto opened = daemon->open_library(); !opened) return tl::unexpected(opened.error());
  if (auto opened = daemon->open_network(role); !opened) return tl::unexpected(opened.error());
  if (auto opened = daemon->open_api(role); !opened) return tl::unexpected(opened.error());
  return daemon;
}

Daemon::~Daemon() {
  if (watch_) watch_->stop();
  std::error_code ignored;
  if (server_) fs::remove(config_.folders.runtime / "token", ignored);
}

Result<void> Daemon::open_library() {
  const Folders& folders = config_.folders;
  auto index = Library::open(folders.data / "index", index_options(config_));
  if (!index) return fail_in("open the index", index.error());
  index_ = std::move(*index);
  if (!index_->moved_aside().empty()) {
    spdlog::error("index=refused moved='{}' why='{}' next='shared folders are scanned again; import tables again'",
                  index_->moved_aside().string(), index_->refusal());
  }

  // The table of engines: a new one is a line here.
  stream::ppspp::EngineOptions ppspp_options;
  ppspp_options.folder = folders.data / "ppspp";
  ppspp_options.listen = {config_.listen.address, config_.stream_port};
  auto ppspp = stream::ppspp::open_engine(ppspp_options);
  if (!ppspp) return fail_in("open the ppspp engine", ppspp.error());
  engines_.emplace(Scheme::kPpspp, std::move(*ppspp));

  const auto read_tags = [this](int descriptor, const fs::path& name) { return tag_child_.read(descriptor, name); };
  scanner_ = std::make_unique<Scanner>(*index_, *engines_.at(Scheme::kPpspp), read_tags, folders.state / "library");
  return {};
}

Result<void> Daemon::open_network(Role role) {
  const bool light = role == Role::kLight;
  auto identity = light ? Result<overlay::net::Identity>(overlay::net::Identity::ephemeral())
                        : overlay::net::Identity::open(config_.folders.data / "key");
  if (!identity) return fail_in("open the key", identity.error());
  identity_ = std::make_unique<overlay::net::Identity>(std::move(*identity));
  NodeOptions options;
  options.listen = light ? any_port(config_.listen) : config_.listen;
  options.stream_port = engines_.at(Scheme::kPpspp)->port();
  options.bootstrap = config_.bootstrap;
  options.address_book = config_.folders.state / "contacts";
  options.agent = "earshot/" + std::string(version());
  if (!light) {
    auto server = HttpServer::open(config_.folders.runtime / "earshot.sock", config_.http_port);
    if (!server) return tl::unexpected(server.error());
    server_ = std::move(*server);
  }
  worker_ = std::make_unique<Worker>();
  fetches_ = std::make_unique<Fetches>(engines_, identify);
  auto node = Node::start(*identity_, options, *index_);
  if (!node) return fail_in("start the node", node.error());
  node_ = std::move(*node);
  return {};
}

Result<void> Daemon::open_api(Role role) {
  Access access{0, random_token()};
  ApiParts parts{
      *node_, *index_, *scanner_, *worker_, *fetches_, config_.folders.download, role == Role::kFull ? "node" : "light",
      [] {}, index_.get()};
  if (server_) {
    if (auto written = write_private_file(config_.folders.runtime / "token", access.token + "\n"); !written)
      return written;
    parts.shut_down = [this] { server_->stop(); };
  }
  api_ = std::make_unique<Api>(std::move(parts), std::move(access));
  if (server_) api_->listening_on(server_->endpoint());
  return {};
}

void Daemon::run() {
  spdlog::info("node=started self={} http={}", to_string(node_->self()), to_string(server_->endpoint()));
  share_everything();
  server_->run(
      [this](const Request& request, const std::shared_ptr<Channel>& channel) { api_->handle(request, channel); });
  spdlog::info("node=stopping");
}

void Daemon::share_everything() {
  auto watch = FolderWatch::start([this](const fs::path& path) { scan(path); }, {});
  if (watch) {
    watch_ = std::move(*watch);
    scanner_->when_scanning([this](const fs::path& root) { watch_->follow(root); });
  } else {
    spdlog::warn("watch=off why='{}' next='shares are scanned when the node starts'", watch.error().what);
  }
  std::vector<fs::path> paths = config_.share;
  for (const ShareRow& row : scanner_->shares()) paths.push_back(row.path);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  for (const fs::path& path : paths) scan(path);
}

void Daemon::scan(const fs::path& path) {
  const bool posted = worker_->post([this, path](const std::atomic<bool>& stopping) {
    const auto report = scanner_->scan(path, [&](const ScanProgress&) { return !stopping; });
    if (report) {
      spdlog::info("share='{}' tracks={} unchanged={} moved={} symlinks={} failed={} removed={}", path.string(),
                   report->tracks, report->unchanged, report->moved, report->symlinks, report->failed, report->removed);
    } else {
      spdlog::warn("share='{}' error='{}'", path.string(), report.error().what);
    }
  });
  if (!posted) spdlog::warn("share='{}' error='too many shares wait'", path.string());
}

}  // namespace earshot::node
