// Everything that touches libtorrent, which throws: nothing thrown leaves this file.
#include "stream/torrent/engine.h"

#include <fcntl.h>
#include <unistd.h>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/magnet_uri.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/read_resume_data.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_status.hpp>
#include <libtorrent/write_resume_data.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "stream/torrent/torrent.h"

namespace earshot::stream::torrent {

namespace {

constexpr std::chrono::seconds kSaveInterval{3};
constexpr std::chrono::seconds kPartingTime{3};
constexpr std::chrono::milliseconds kAlertPatience{200};
constexpr std::size_t kMaxLink = 16 * 1024;

using Clock = std::chrono::steady_clock;

/// Measured in STREAM.md's comparison: with the default buffers uTP loses bursts, and the default tick delays the first piece by 0.4 s.
lt::settings_pack tuned_settings(const EngineOptions& options) {
  lt::settings_pack pack;
  const std::string address = to_string(Endpoint{options.listen.address, 0});
  pack.set_str(lt::settings_pack::listen_interfaces, address);
  for (const auto& [setting, on] : {std::pair{lt::settings_pack::enable_dht, options.reach_out},
                                    std::pair{lt::settings_pack::enable_lsd, options.reach_out},
                                    std::pair{lt::settings_pack::enable_upnp, false},
                                    std::pair{lt::settings_pack::enable_natpmp, false},
                                    std::pair{lt::settings_pack::smooth_connects, false}}) {
    pack.set_bool(setting, on);
  }
  const auto limit = [](std::uint64_t bytes) { return static_cast<int>(std::min<std::uint64_t>(bytes, std::numeric_limits<int>::max())); };
  for (const auto& [setting, value] : {std::pair<int, int>{lt::settings_pack::tick_interval, 20},
                                       {lt::settings_pack::alert_queue_size, 10'000},
                                       {lt::settings_pack::recv_socket_buffer_size, 1 << 20},
                                       {lt::settings_pack::send_socket_buffer_size, 1 << 20},
                                       {lt::settings_pack::send_buffer_watermark, 3 << 20},
                                       {lt::settings_pack::max_out_request_queue, 1500},
                                       {lt::settings_pack::max_allowed_in_request_queue, 2000},
                                       {lt::settings_pack::upload_rate_limit, limit(options.upload_limit)},
                                       {lt::settings_pack::download_rate_limit, limit(options.download_limit)}}) {
    pack.set_int(setting, value);
  }
  pack.set_int(lt::settings_pack::alert_mask,
               static_cast<int>(lt::alert_category::status | lt::alert_category::piece_progress | lt::alert_category::block_progress |
                                lt::alert_category::error | lt::alert_category::storage));
  return pack;
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(EngineOptions options) : options_(std::move(options)) {}

  Result<ContentId> introduce(std::string_view link) {
    lt::error_code error;
    lt::add_torrent_params params;
    if (link.starts_with("magnet:")) {
      if (link.size() > kMaxLink) return fail(ErrorCode::kInvalid, "the magnet link has {} bytes; {} are plenty", link.size(), kMaxLink);
      params = lt::parse_magnet_uri({link.data(), link.size()}, error);
      if (error) return fail(ErrorCode::kInvalid, "the magnet link: {}", error.message());
    } else {
      params.ti = std::make_shared<lt::torrent_info>(std::string(link), error);
      if (error) return fail(ErrorCode::kInvalid, "'{}' is no torrent: {}", link, error.message());
      params.info_hashes = params.ti->info_hashes();
    }
    if (!params.info_hashes.has_v1()) return fail(ErrorCode::kUnsupported, "a torrent of version 2 alone; one that also speaks version 1 can be fetched");
    const lt::sha1_hash hash = params.info_hashes.v1;
    const std::lock_guard lock(mutex_);
    std::erase_if(introduced_, [&](const auto& known) { return known.info_hashes.v1 == hash; });
    if (introduced_.size() >= options_.max_known) introduced_.pop_front();
    introduced_.push_back(std::move(params));
    return content_of(hash);
  }

  Result<void> join(const ContentId& content, std::span<const Endpoint> providers, const void* stream) {
    const std::lock_guard lock(mutex_);
    if (!session_) start();
    const lt::sha1_hash hash = info_hash_of(content);
    auto at = torrents_.find(hash);
    if (at == torrents_.end()) {
      if (torrents_.size() >= options_.max_open) return fail(ErrorCode::kExhausted, "{} torrents are open", torrents_.size());
      auto added = add(hash);
      if (!added) return added;
      at = torrents_.find(hash);
    }
    Torrent& torrent = at->second;
    if (torrent.info) {
      if (auto file = torrent.extent_of(torrent_file_of(content)); !file) return tl::unexpected(file.error());
    }
    torrent.handle.resume();
    torrent.demands[stream] = {torrent_file_of(content), {}, Rest::kFetch};
    torrent.apply();
    for (const Endpoint& provider : providers) torrent.handle.connect_peer(to_tcp(provider));
    return {};
  }

  void add_providers(const ContentId& content, std::span<const Endpoint> providers) {
    const std::lock_guard lock(mutex_);
    const auto at = torrents_.find(info_hash_of(content));
    if (at == torrents_.end()) return;
    for (const Endpoint& provider : providers) at->second.handle.connect_peer(to_tcp(provider));
  }

  void want(const ContentId& content, const void* stream, std::span<const Wish> wishes, Rest rest) {
    const std::lock_guard lock(mutex_);
    const auto at = torrents_.find(info_hash_of(content));
    if (at == torrents_.end()) return;
    at->second.demands[stream] = {torrent_file_of(content), {wishes.begin(), wishes.end()}, rest};
    at->second.apply();
  }

  /// The torrent stays until what it knows is written (rule 4).
  void part(const ContentId& content, const void* stream) {
    const std::lock_guard lock(mutex_);
    const auto at = torrents_.find(info_hash_of(content));
    if (at == torrents_.end()) return;
    at->second.demands.erase(stream);
    at->second.apply();
    if (!at->second.demands.empty()) return;
    at->second.handle.pause();
    save(at->second);
  }

  Result<std::size_t> read(const ContentId& content, std::uint64_t offset, std::span<std::uint8_t> into, Duration patience) {
    std::unique_lock lock(mutex_);
    const lt::sha1_hash hash = info_hash_of(content);
    const auto until = Clock::now() + std::chrono::microseconds(patience.count());
    while (true) {
      const auto at = torrents_.find(hash);
      if (stopping_ || at == torrents_.end()) return fail(ErrorCode::kStopped, "the torrent engine has stopped");
      const Torrent& torrent = at->second;
      if (torrent.failed) return tl::unexpected(*torrent.failed);
      if (torrent.info) {
        const auto file = torrent.extent_of(torrent_file_of(content));
        if (!file) return tl::unexpected(file.error());
        if (offset >= file->size) return 0;
        if (const std::uint64_t run = torrent.run_from(*file, offset, into.size()); run > 0) {
          lock.unlock();
          return read_file(file->path, offset, into.first(run));
        }
      }
      if (changed_.wait_until(lock, until) == std::cv_status::timeout) {
        const bool any = std::find(torrent.here.begin(), torrent.here.end(), true) != torrent.here.end();
        return fail(any ? ErrorCode::kTimedOut : ErrorCode::kUnreachable, "no piece of the torrent came in time");
      }
    }
  }

  Status status(const ContentId& content) const {
    const std::lock_guard lock(mutex_);
    Status status;
    const auto at = torrents_.find(info_hash_of(content));
    if (at == torrents_.end()) return status;
    const Torrent& torrent = at->second;
    if (torrent.info) {
      if (const auto file = torrent.extent_of(torrent_file_of(content))) {
        status.size = file->size;
        status.verified = torrent.verified_of(*file);
        status.complete = status.verified == status.size;
        status.file = file->path;
      }
    }
    for (const auto& [endpoint, bytes] : torrent.given) status.sources.push_back({endpoint, bytes, false});
    return status;
  }

  std::uint16_t port() const {
    const std::lock_guard lock(mutex_);
    return session_ ? session_->listen_port() : 0;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (auto& [hash, torrent] : torrents_) save(torrent);
    }
    changed_.notify_all();
    if (listener_.joinable()) listener_.join();
    const std::lock_guard lock(mutex_);
    torrents_.clear();
    if (session_) session_->abort();  // does not wait for trackers
    session_.reset();
  }

 private:
  static Result<std::size_t> read_file(const fs::path& path, std::uint64_t offset, std::span<std::uint8_t> into) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t got = descriptor < 0 ? -1 : ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (got <= 0) return fail(ErrorCode::kDisk, "read '{}': {}", path.string(), got < 0 ? std::strerror(error) : "it became shorter");
    return static_cast<std::size_t>(got);
  }

  // REQUIRES, of all below but listen: mutex_ is held.

  void start() {
    lt::session_params params(tuned_settings(options_));
    params.disk_io_constructor = lt::posix_disk_io_constructor;  // 13 to 37 MB; mapped files take what the content has
    session_ = std::make_unique<lt::session>(std::move(params));
    listener_ = std::thread([this] { listen(); });
  }

  Result<void> add(const lt::sha1_hash& hash) {
    lt::add_torrent_params params;
    const auto known = std::find_if(introduced_.begin(), introduced_.end(), [&](const auto& one) { return one.info_hashes.v1 == hash; });
    if (known != introduced_.end()) params = *known;
    params.info_hashes.v1 = hash;
    std::ifstream resume(resume_of(hash), std::ios::binary);
    if (resume) {
      const std::vector<char> bytes{std::istreambuf_iterator<char>(resume), {}};
      lt::error_code error;
      lt::add_torrent_params kept = lt::read_resume_data(bytes, error);
      if (!error && kept.info_hashes.v1 == hash) {  // what is damaged counts as absent, and the files are hashed
        kept.trackers.insert(kept.trackers.end(), params.trackers.begin(), params.trackers.end());
        kept.peers.insert(kept.peers.end(), params.peers.begin(), params.peers.end());
        if (!kept.ti) kept.ti = params.ti;
        params = std::move(kept);
      }
    }
    params.save_path = (options_.folder / hex_of(hash)).string();
    params.flags &= ~(lt::torrent_flags::auto_managed | lt::torrent_flags::paused);
    params.piece_priorities.clear();
    params.file_priorities.clear();
    Torrent torrent;
    torrent.folder = params.save_path;
    torrent.info = params.ti;
    if (torrent.info) torrent.here.resize(static_cast<std::size_t>(torrent.info->num_pieces()));
    lt::error_code error;
    torrent.handle = session_->add_torrent(std::move(params), error);
    if (error) return fail(ErrorCode::kInvalid, "torrent {}: {}", hex_of(hash), error.message());
    torrents_.emplace(hash, std::move(torrent));
    return {};
  }

  void save(Torrent& torrent) {
    torrent.handle.save_resume_data(lt::torrent_handle::flush_disk_cache | lt::torrent_handle::save_info_dict);
    ++saving_;
  }

  fs::path resume_of(const lt::sha1_hash& hash) const { return options_.folder / (hex_of(hash) + ".resume"); }

  /// The session's thread of ours: hears what libtorrent says, until everything is written.
  void listen() {
    auto saved = Clock::now();
    std::optional<Clock::time_point> parting;
    while (true) {
      session_->wait_for_alert(kAlertPatience);
      const std::lock_guard lock(mutex_);
      std::vector<lt::alert*> alerts;
      session_->pop_alerts(&alerts);
      for (const lt::alert* alert : alerts) {
        try {
          hear(*alert);
        } catch (const std::exception&) {  // of a torrent that has just gone
        }
      }
      if (!alerts.empty()) changed_.notify_all();
      const auto now = Clock::now();
      if (stopping_ && !parting) parting = now + kPartingTime;
      if (parting && (saving_ <= 0 || now > *parting)) return;
      if (now - saved < kSaveInterval) continue;
      saved = now;
      for (auto& [hash, torrent] : torrents_) {
        if (!torrent.handle.need_save_resume_data()) continue;
        save(torrent);
      }
    }
  }

  void hear(const lt::alert& alert) {
    if (const auto* piece = lt::alert_cast<lt::piece_finished_alert>(&alert)) {
      if (Torrent* torrent = find(piece->handle)) mark(*torrent, piece->piece_index);
    } else if (const auto* block = lt::alert_cast<lt::block_finished_alert>(&alert)) {
      if (Torrent* torrent = find(block->handle)) torrent->credit(from_tcp(block->endpoint));
    } else if (lt::alert_cast<lt::alerts_dropped_alert>(&alert) != nullptr) {
      for (auto& [hash, torrent] : torrents_) learn(torrent);
    } else if (const auto* metadata = lt::alert_cast<lt::metadata_received_alert>(&alert)) {
      if (Torrent* torrent = find(metadata->handle)) learn(*torrent);
    } else if (const auto* checked = lt::alert_cast<lt::torrent_checked_alert>(&alert)) {
      if (Torrent* torrent = find(checked->handle)) learn(*torrent);
    } else if (const auto* disk = lt::alert_cast<lt::file_error_alert>(&alert)) {
      if (Torrent* torrent = find(disk->handle)) torrent->failed = Error{ErrorCode::kDisk, disk->message()};
    } else if (const auto* error = lt::alert_cast<lt::torrent_error_alert>(&alert)) {
      if (Torrent* torrent = find(error->handle)) torrent->failed = Error{ErrorCode::kCorrupt, error->message()};
    } else if (const auto* kept = lt::alert_cast<lt::save_resume_data_alert>(&alert)) {
      write_resume(kept->params);
      saved(kept->handle);
    } else if (const auto* unkept = lt::alert_cast<lt::save_resume_data_failed_alert>(&alert)) {
      saved(unkept->handle);
    }
  }

  void learn(Torrent& torrent) {
    if (!torrent.info) torrent.info = torrent.handle.torrent_file();
    if (!torrent.info) return;
    torrent.here.resize(static_cast<std::size_t>(torrent.info->num_pieces()));
    const lt::torrent_status status = torrent.handle.status(lt::torrent_handle::query_pieces);
    for (const lt::piece_index_t piece : status.pieces.range()) {
      if (status.pieces[piece]) mark(torrent, piece);
    }
    torrent.apply();
  }

  static void mark(Torrent& torrent, lt::piece_index_t piece) {
    const auto index = static_cast<std::size_t>(static_cast<int>(piece));
    if (index < torrent.here.size()) torrent.here[index] = true;
  }

  void write_resume(const lt::add_torrent_params& params) const {
    const fs::path file = resume_of(params.info_hashes.v1);
    const fs::path fresh = file.string() + ".new";
    const std::vector<char> bytes = lt::write_resume_data_buf(params);
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    std::error_code ignored;  // what is not written is hashed again
    if (out) fs::rename(fresh, file, ignored);
  }

  void saved(const lt::torrent_handle& handle) {
    --saving_;
    const auto at = place_of(handle);
    if (at == torrents_.end() || !at->second.demands.empty() || stopping_) return;
    session_->remove_torrent(handle);
    torrents_.erase(at);
  }

  std::map<lt::sha1_hash, Torrent>::iterator place_of(const lt::torrent_handle& handle) {
    return std::find_if(torrents_.begin(), torrents_.end(), [&](const auto& row) { return row.second.handle == handle; });
  }

  Torrent* find(const lt::torrent_handle& handle) {
    const auto at = place_of(handle);
    return at == torrents_.end() ? nullptr : &at->second;
  }

  const EngineOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::unique_ptr<lt::session> session_;  // made with the first torrent; wait_for_alert is its own master
  std::map<lt::sha1_hash, Torrent> torrents_;
  std::deque<lt::add_torrent_params> introduced_;
  int saving_ = 0;  // resume data that was asked for and is not here
  bool stopping_ = false;

  std::thread listener_;
};

/// What libtorrent throws: a handle whose torrent has just gone.
template <class Call>
auto guarded(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& error) {
    return fail(ErrorCode::kStopped, "libtorrent: {}", error.what());
  }
}

class TorrentStream final : public Stream {
 public:
  TorrentStream(std::shared_ptr<Session> session, const ContentId& content) : session_(std::move(session)), content_(content) {}
  ~TorrentStream() override {
    static_cast<void>(guarded([&]() -> Result<void> { return session_->part(content_, this), Result<void>(); }));
  }

  Result<void> join(std::span<const Endpoint> providers) {
    return guarded([&] { return session_->join(content_, providers, this); });
  }
  void add_providers(std::span<const Endpoint> providers) override {
    static_cast<void>(guarded([&]() -> Result<void> { return session_->add_providers(content_, providers), Result<void>(); }));
  }
  void want(std::span<const Wish> wishes, Rest rest) override {
    static_cast<void>(guarded([&]() -> Result<void> { return session_->want(content_, this, wishes, rest), Result<void>(); }));
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration patience) override {
    return guarded([&] { return session_->read(content_, offset, into, patience); });
  }
  Status status() const override {
    return guarded([&]() -> Result<Status> { return session_->status(content_); }).value_or(Status{});
  }

 private:
  std::shared_ptr<Session> session_;
  const ContentId content_;
};

class TorrentEngine final : public Engine {
 public:
  explicit TorrentEngine(const EngineOptions& options) : session_(std::make_shared<Session>(options)) {}
  ~TorrentEngine() override { session_->stop(); }

  Scheme scheme() const override { return Scheme::kTorrent; }
  std::uint16_t port() const override { return session_->port(); }
  Result<ContentId> introduce(std::string_view link) override {
    return guarded([&] { return session_->introduce(link); });
  }
  Result<std::unique_ptr<Stream>> open(const ContentId& content, std::span<const Endpoint> providers) override {
    if (content.scheme != scheme()) return fail(ErrorCode::kInvalid, "{} is no torrent", to_string(content));
    auto stream = std::make_unique<TorrentStream>(session_, content);
    if (auto joined = stream->join(providers); !joined) return tl::unexpected(std::move(joined.error()));
    return stream;
  }
  Result<ContentId> share(const fs::path& file, const std::function<bool(std::uint64_t)>&) override {
    return fail(ErrorCode::kUnsupported, "'{}' is shared as a ppspp content; torrents are only passed on", file.string());
  }
  bool moved(const fs::path&, const fs::path&) override { return false; }
  void forget(const ContentId&) override {}

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace

Result<std::unique_ptr<Engine>> open_engine(const EngineOptions& options) {
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) return fail(ErrorCode::kDisk, "make '{}': {}", options.folder.string(), error.message());
  return std::make_unique<TorrentEngine>(options);
}

}  // namespace earshot::stream::torrent
