// Composition of a node. spdlog is set up here; one line a decision, key=value.
#include "tools/node/daemon.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <future>

#include "stream/engines.h"
#include "tools/node/confinement.h"
#include "tools/node/identify.h"
#include "tools/node/own_address.h"
#include "tools/node/service_notice.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// Three files of 10 MB: what strangers can make us write in ten days at the rate that the node allows them.
constexpr std::size_t kLogBytes = 10'000'000;
constexpr std::size_t kOldLogs = 2;

Result<void> set_up_log(const std::string& level, const fs::path& file) {
  try {
    spdlog::sink_ptr sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (!file.empty()) sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), kLogBytes, kOldLogs);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("earshot", std::move(sink)));
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::kDisk, "open the log '{}': {}", file.string(), error.what());
  }
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
  return {};
}

// A light node announces itself on any free port of the family that the configuration listens on.
Endpoint any_port(Endpoint endpoint) {
  endpoint.port = 0;
  return endpoint;
}

// Made at the first start, the same ever after.
Result<std::string> lasting_secret(const fs::path& file) {
  auto secret = read_small_file(file, 256);
  if (secret || secret.error().code != ErrorCode::kNotFound) return secret;
  secret = random_token();
  if (auto written = write_private_file(file, *secret); !written) return tl::unexpected(written.error());
  return secret;
}

std::string name_of(Role role, NodeRole purpose) {
  if (role == Role::kLight) return "light";
  return purpose == NodeRole::kIndex ? "index" : "node";
}

// Where a node may write (confinement.h): its own folders, those that people share, and where they put exports and backups, which
// is anywhere in their home that is not hidden and on other disks.
std::vector<fs::path> writable_folders(const Config& config) {
  constexpr std::size_t kMost = 1024;
  const Folders& own = config.folders;
  std::vector<fs::path> folders = {own.data, own.state, own.cache, own.runtime, own.download, "/mnt", "/media", "/srv"};
  std::error_code ignored;
  fs::create_directories(own.download, ignored);
  folders.push_back(fs::temp_directory_path(ignored));
  if (!config.log_file.empty()) folders.push_back(config.log_file.parent_path());
  for (const fs::path& share : config.share) folders.push_back(fs::is_directory(share, ignored) ? share : share.parent_path());
  const char* const home = std::getenv("HOME");
  if (home == nullptr) return folders;
  for (fs::directory_iterator entry(home, ignored), end; entry != end && folders.size() < kMost; entry.increment(ignored)) {
    const bool is_hidden = entry->path().filename().string().starts_with('.');
    if (!is_hidden && entry->is_directory(ignored) && !entry->is_symlink(ignored)) folders.push_back(entry->path());
  }
  return folders;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::open(const Config& config, Role role) {
  const bool full = role == Role::kFull;
  if (auto log = set_up_log(full ? config.log_level : "error", full ? config.log_file : fs::path()); !log)
    return tl::unexpected(log.error());
  const Folders& folders = config.folders;
  for (const fs::path& folder : {folders.data, folders.state, folders.runtime}) {
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(made.error());
  }
  auto lock = FolderLock::take(folders.data);
  if (!lock) return tl::unexpected(lock.error());
  if (full) spdlog::info("confinement='{}'", to_string(confine(writable_folders(config))));
  std::unique_ptr<Daemon> daemon(new Daemon(config, std::move(*lock)));
  if (auto opened = daemon->open_library(); !opened) return tl::unexpected(opened.error());
  if (auto opened = daemon->open_network(role); !opened) return tl::unexpected(opened.error());
  if (auto opened = daemon->open_api(role); !opened) return tl::unexpected(opened.error());
  return daemon;
}

Daemon::~Daemon() {
  if (watch_) watch_->stop();
  providers_.stop();
  links_->detach();
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
  if (!index_->is_as_asked()) {
    spdlog::warn("index=as-it-was transliterate={} next='earshot index rebuild makes it as index.transliterate says'",
                 index_->transliterates());
  }

  stream::EngineSettings settings;
  settings.folder = folders.data;
  settings.listen = {config_.listen.address, config_.stream_port};
  settings.upload_limit = std::uint64_t{config_.upload_kb} * 1000;
  settings.download_limit = std::uint64_t{config_.download_kb} * 1000;
  settings.carrier = links_;
  settings.reach_out = !config_.local_only;
  auto engines = stream::open_engines(stream::engine_table(), settings);
  if (!engines) return tl::unexpected(engines.error());
  engines_ = std::move(*engines);

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
  options.links = config_.links;
  options.address_book = config_.folders.state / "contacts";
  options.agent = "earshot/" + std::string(version());
  options.local_only = config_.local_only;
  options.network = config_.folders.state / "network";
  options.protocol.publish_after = config_.publish_after;
  options.digests = !light;
  options.browsable = config_.browsable && !light;
  options.on_stream_datagram = [this](PeerId from, ByteView datagram) { links_->receive(from, datagram); };
  if (!light) {
    auto server = HttpServer::open(config_.folders.runtime / "earshot.sock", config_.http_port);
    if (!server) return tl::unexpected(server.error());
    server_ = std::move(*server);
  }
  worker_ = std::make_unique<Worker>();
  fetches_ = std::make_unique<Fetches>(engines_, identify, &providers_);
  plays_ = std::make_unique<Plays>(engines_, &providers_);
  auto node = Node::start(*identity_, options, *index_);
  if (!node) return fail_in("start the node", node.error());
  node_ = std::move(*node);
  links_->attach(*node_);
  providers_.start(*node_);
  be_found(role);
  return {};
}

// Beside the contacts that are configured and remembered, all at once. Nobody on loopback is looked for.
void Daemon::be_found(Role role) {
  if (config_.listen.is_loopback()) return;
  if (config_.lan) {
    auto beacon = LanBeacon::start({node_->self()}, [node = node_.get()](const Contact& contact) {
      spdlog::info("lan=heard contact={}", to_string(contact));
      node->join({contact});
    });
    if (beacon) {
      beacon_ = std::move(*beacon);
    } else {
      spdlog::info("lan=off why='{}'", beacon.error().what);
    }
  }
  if (role == Role::kLight || config_.local_only || !config_.port_mapping) return;
  const std::uint16_t port = node_->self().endpoint.port;
  mapping_ = std::make_unique<PortMapping>(
      port, node_->self().stream_port, PortMapping::real_router(), [this, port](const PortMapping::Mapped& mapped) {
        if (mapped.by.empty()) {
          spdlog::info("port-mapping=none why='{}' next='others are reached over links that this node dials'", mapped.why);
        } else {
          spdlog::info("port-mapping={} external={} port={}", mapped.by, mapped.external, port);
        }
        const auto external = endpoint_from(mapped.external + ":" + std::to_string(port));
        const std::lock_guard lock(external_mutex_);
        external_ = external ? std::optional<Endpoint>(*external) : std::nullopt;
      });
}

Contact Daemon::invitation() const {
  Contact contact = for_people(node_->self());
  const std::lock_guard lock(external_mutex_);
  if (external_) contact.endpoint = *external_;
  return contact;
}

Result<void> Daemon::open_api(Role role) {
  Access access{0, random_token()};
  ApiParts parts{
      *node_, *index_, *scanner_, *worker_, *fetches_, *plays_, config_.folders.download, name_of(role, config_.role),
      [] {}, nullptr, index_.get()};
  parts.providers = &providers_;
  if (server_) {
    if (auto written = write_private_file(config_.folders.runtime / "token", access.token + "\n"); !written)
      return written;
    parts.invitation = [this] { return invitation(); };
    parts.shut_down = [this] { server_->stop(); };
    auto users = Users::open(config_.folders.data / "users");
    if (!users) return fail_in("open the users", users.error());
    users_ = std::move(*users);
    parts.users = users_.get();
    std::string trouble;
    wishes_ = Wishes::open(*node_, config_.folders.state / "wishes", trouble);
    if (!trouble.empty()) spdlog::error("wishes=damaged why='{}' next='they were moved aside; wish again'", trouble);
    parts.wishes = wishes_.get();
    covers_ = std::make_unique<Covers>(*scanner_, TagChild::Options{});
    parts.covers = covers_.get();
    if (auto opened = open_radio(parts); !opened) return opened;
    if (auto opened = open_publishers(parts); !opened) return opened;
    auto ticket_key = lasting_secret(config_.folders.data / "ticket-key");
    if (!ticket_key) return tl::unexpected(ticket_key.error());
    access.ticket_key = std::move(*ticket_key);
  }
  api_ = std::make_unique<Api>(std::move(parts), std::move(access));
  if (server_) api_->listening_on(server_->endpoint());
  return {};
}

// The password of sources is made once: it stands in the settings of their programs.
Result<void> Daemon::open_radio(ApiParts& parts) {
  if (!config_.radio) return {};
  const auto secret = lasting_secret(config_.folders.data / "radio-password");
  if (!secret) return tl::unexpected(secret.error());
  const std::string password = secret->substr(0, 16);
  Radio::Options options{*config_.radio, password, "", config_.radio_fallback_kbps};
  if (!config_.radio_fallback.empty()) {
    auto fallback = read_small_file(config_.radio_fallback, Radio::kMostFallback);
    if (!fallback) return fail_in("radio.fallback", fallback.error());
    options.fallback = std::move(*fallback);
  }
  auto radio = Radio::open(options);
  if (!radio) return tl::unexpected(radio.error());
  radio_ = std::move(*radio);
  parts.radio = radio_.get();
  parts.radio_password = password;
  return {};
}

Result<void> Daemon::open_publishers(ApiParts& parts) {
  std::string trouble;
  auto publishers = Publishers::open({*node_, *identity_, *index_, *engines_.at(Scheme::kPpspp), *fetches_,
                                      [this](const fs::path& folder) { scan(folder); }, config_.folders.data / "publishers",
                                      config_.folders.download / "mirrored"},
                                     trouble);
  if (!publishers) return fail_in("open the publishers", publishers.error());
  if (!trouble.empty()) spdlog::error("publishers=damaged why='{}' next='publish or follow again'", trouble);
  publishers_ = std::move(*publishers);
  parts.publishers = publishers_.get();
  return {};
}

void Daemon::run() {
  spdlog::info("node=started self={} http={}", to_string(node_->self()), to_string(server_->endpoint()));
  share_everything();
  const ServiceNotice notice(process_environment());
  const Watchdog watchdog(notice, [this] { node_->status(); });
  notice.say("READY=1");
  server_->run(
      [this](const Request& request, const std::shared_ptr<Channel>& channel) { api_->handle(request, channel); });
  notice.say("STOPPING=1");
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
