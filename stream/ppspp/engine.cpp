// Threads, queues and the names of contents.
#include "stream/ppspp/engine.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "stream/ppspp/engine/content.h"
#include "stream/ppspp/engine/driver.h"
#include "stream/ppspp/engine/ways.h"
#include "stream/ppspp/sha256.h"

namespace earshot::stream::ppspp {

namespace {

/// Commands waiting for the engine's thread. Full: the caller waits; each takes microseconds.
constexpr std::size_t kMaxCommands = 1024;

/// Datagrams of links that wait for the engine's thread, 1.5 KB each.
constexpr std::size_t kMaxFromLinks = 256;

constexpr Duration kSyncInterval = 500ms;
constexpr Duration kIdleTime = 30s;
constexpr Duration kMaxSleep = 1s;

class Port;

/// Outlives the engine unharmed: its reads return kStopped then.
class PpsppStream final : public Stream {
 public:
  PpsppStream(std::shared_ptr<Port> port, std::shared_ptr<Content> content)
      : port_(std::move(port)), content_(std::move(content)) {}
  ~PpsppStream() override;

  void add_providers(std::span<const Endpoint> providers) override;
  void want(std::span<const Wish> wishes, Rest rest) override;
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration patience) override {
    return content_->read(offset, into, patience);
  }
  Status status() const override { return content_->status(); }

 private:
  std::shared_ptr<Port> port_;
  std::shared_ptr<Content> content_;
};

/// The UDP port and all that lives on it.
class Port : public std::enable_shared_from_this<Port> {
 public:
  Port(EngineOptions options, std::unique_ptr<net::UdpSocket> socket, int wake)
      : options_(std::move(options)),
        ways_(std::move(socket), options_.carrier),
        wake_(wake),
        ids_(secret_random()),
        allowance_{TokenBucket(options_.upload_limit), TokenBucket(options_.download_limit)} {}

  ~Port() { close(wake_); }

  /// Learns the names of what was fetched before, and starts.
  void start() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(contents_folder(), ignored)) {
      const auto root = digest_from_hex(entry.path().filename().native());
      if (root && known_.size() < options_.max_known) known_.emplace(*root, std::filesystem::path());
    }
    reactor_ = std::thread([this] { react(); });
    syncer_ = std::thread([this] { sync_disks(); });
    if (ways_.carrier() == nullptr) return;
    ways_.carrier()->listen([this](relay::LinkNumber from, ByteView datagram) { hear(from, datagram); });
  }

  /// Says good-bye, writes what was kept, joins the threads.
  void stop() {
    if (ways_.carrier() != nullptr) ways_.carrier()->listen({});
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& [root, content] : open_) content->close();
    }
    {
      const std::lock_guard lock(commands_mutex_);
      deaf_ = true;
    }
    commands_free_.notify_all();
    nudge();
    reactor_.join();
    sync_due_.notify_all();
    syncer_.join();
    const std::lock_guard lock(mutex_);
    open_.clear();
  }

  std::uint16_t number() const { return ways_.local().port; }

  Result<std::unique_ptr<Stream>> open(const ContentId& content, std::span<const Endpoint> providers) {
    if (content.scheme != Scheme::kPpspp) return fail(ErrorCode::kInvalid, "{} is no ppspp content", to_string(content));
    std::shared_ptr<Content> opened;
    {
      const std::lock_guard lock(mutex_);
      auto found = find_or_open(content.digest, /*create=*/true);
      if (!found) return tl::unexpected(std::move(found.error()));
      opened = *found;
      ++opened->users;
    }
    auto stream = std::make_unique<PpsppStream>(shared_from_this(), opened);
    post([this, opened] { run(opened); });
    stream->want({}, Rest::kFetch);
    stream->add_providers(providers);
    return stream;
  }

  Result<ContentId> share(const std::filesystem::path& file, const std::function<bool(std::uint64_t)>& progress) {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::canonical(std::filesystem::absolute(file).parent_path(), error);
    if (error) return fail(ErrorCode::kNotFound, "{}: {}", file.string(), error.message());
    const std::filesystem::path path = parent / file.filename();
    const std::filesystem::path sidecar = sidecar_of(path);
    auto root = ChunkStore::hash(path, sidecar, progress);
    if (!root) return tl::unexpected(std::move(root.error()));
    const std::lock_guard lock(mutex_);
    if (known_.size() >= options_.max_known && !known_.contains(*root)) {
      return fail(ErrorCode::kExhausted, "{} contents are shared already", known_.size());
    }
    known_[*root] = sidecar;
    return ContentId{Scheme::kPpspp, *root};
  }

  bool moved(const std::filesystem::path& from, const std::filesystem::path& to) {
    return ChunkStore::moved(sidecar_of(from), sidecar_of(to), to);
  }

  void forget(const ContentId& content) {
    const std::lock_guard lock(mutex_);
    known_.erase(content.digest);
    const auto at = open_.find(content.digest);
    if (at == open_.end() || !at->second->is_shared()) return;
    const auto forgotten = at->second;
    open_.erase(at);
    forgotten->close();
    post([this, forgotten] { halt(forgotten); });
  }

  void add_providers(const std::shared_ptr<Content>& content, std::span<const Endpoint> providers) {
    post([this, content, peers = std::vector<Endpoint>(providers.begin(), providers.end())] {
      content->add_peers(now(), peers, ways_);
    });
  }

  void want(const std::shared_ptr<Content>& content, const void* stream, std::span<const Wish> wishes, Rest rest) {
    post([this, content, stream, wished = std::vector<Wish>(wishes.begin(), wishes.end()), rest] {
      content->want(now(), stream, wished, rest, ways_);
    });
  }

  /// The last stream on a content closes: an unfinished one is fetched no longer.
  void closed(const std::shared_ptr<Content>& content, const void* stream) {
    post([this, content, stream] { content->want_no_more(now(), stream, ways_); });
    if (--content->users > 0) return;
    post([this, content] {
      {
        const std::lock_guard lock(mutex_);
        const auto at = open_.find(content->root());
        if (content->users > 0 || content->is_complete() || at == open_.end() || at->second != content) return;
        open_.erase(at);
      }
      halt(content);
    });
  }

 private:
  struct Running {
    std::shared_ptr<Content> content;
    Instant busy{};  // last time it had a channel or a user
  };

  std::filesystem::path contents_folder() const { return options_.folder / "contents"; }
  std::filesystem::path shared_folder() const { return options_.folder / "shared"; }
  std::filesystem::path sidecar_of(const std::filesystem::path& file) const {
    return shared_folder() / (to_hex(sha256(as_bytes(file.native()))) + ".sidecar");
  }

  /// REQUIRES: mutex_ is held.
  Result<std::shared_ptr<Content>> find_or_open(const Digest32& root, bool create) {
    const auto at = open_.find(root);
    if (at != open_.end() && !at->second->is_broken()) return at->second;
    if (at != open_.end()) open_.erase(at);
    const auto known = known_.find(root);
    if (known == known_.end() && !create) return fail(ErrorCode::kNotFound, "{} is not here", to_hex(root));
    if (open_.size() >= options_.max_open) return fail(ErrorCode::kExhausted, "{} contents are open", open_.size());
    std::shared_ptr<Content> content;
    if (known != known_.end() && !known->second.empty()) {
      auto store = ChunkStore::shared(known->second);
      if (store) content = std::make_shared<Content>(std::move(*store), /*shared=*/true);
      else known_.erase(known);  // it changed or went away; sharing it again makes it known again
      if (!store && !create) return tl::unexpected(std::move(store.error()));
    }
    if (!content) {
      auto store = ChunkStore::fetch(contents_folder(), root);
      if (!store) return tl::unexpected(std::move(store.error()));
      content = std::make_shared<Content>(std::move(*store), /*shared=*/false);
    }
    open_.emplace(root, content);
    return content;
  }

  // --- The reactor: everything below but sync_disks runs on its thread. ---

  void react() {
    while (true) {
      wait();
      const bool stopping = run_commands();
      receive();
      receive_from_links();
      const Instant time = now();
      ways_.keep_pace(time);
      for (auto& [root, running] : running_) running.content->settle(time, ways_);
      put_to_sleep(time);
      if (stopping) break;
    }
    for (auto& [root, running] : running_) {
      running.content->stop(now(), ways_);
    }
    running_.clear();
    const std::lock_guard lock(mutex_);
    reacted_ = true;
  }

  void wait() {
    const Instant time = now();
    Instant next = std::min(time + kMaxSleep, ways_.next_deadline(time));
    for (const auto& [root, running] : running_) next = std::min(next, running.content->next_deadline());
    const Duration patience = std::max(next - time, Duration(0));
    std::array<pollfd, 2> events = {pollfd{ways_.socket().descriptor(), POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const timespec limit{static_cast<time_t>(patience.count() / 1'000'000), static_cast<long>(patience.count() % 1'000'000 * 1000)};
    ppoll(events.data(), events.size(), &limit, nullptr);
  }

  /// True when the engine is to stop.
  bool run_commands() {
    std::uint64_t ignored = 0;
    static_cast<void>(!::read(wake_, &ignored, sizeof ignored));
    std::deque<std::function<void()>> commands;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
    }
    {
      const std::lock_guard lock(commands_mutex_);
      commands.swap(commands_);
    }
    commands_free_.notify_all();
    for (const auto& command : commands) command();
    return stopping;
  }

  void receive() {
    for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
      const auto incoming = ways_.socket().receive();
      if (incoming.empty()) return;
      const Instant time = now();
      for (const net::Incoming& datagram : incoming) {
        if (!relay::is_link(datagram.from)) route(time, datagram);  // else: somebody forged the address
      }
    }
  }

  /// Any thread; what does not fit is lost.
  void hear(relay::LinkNumber from, ByteView datagram) {
    {
      const std::lock_guard lock(commands_mutex_);
      if (from_links_.size() >= kMaxFromLinks) return;
      from_links_.emplace_back(from, Bytes(datagram.begin(), datagram.end()));
    }
    nudge();
  }

  void receive_from_links() {
    std::vector<std::pair<relay::LinkNumber, Bytes>> heard;
    {
      const std::lock_guard lock(commands_mutex_);
      heard.swap(from_links_);
    }
    for (const auto& [from, bytes] : heard) route(now(), {relay::endpoint_of(from), bytes});
  }

  void route(Instant time, const net::Incoming& datagram) {
    const auto destination = destination_of(datagram.bytes);
    if (!destination) return;
    const Digest32* root = nullptr;
    Digest32 greeted{};
    if (*destination != kNoChannel) {
      const Swarm* swarm = ids_.owner(*destination);
      if (swarm != nullptr) root = &swarm->root();
    } else if (const auto handshake = leading_handshake(datagram.bytes)) {
      const auto swarm_id = handshake->options.swarm_id;
      if (!swarm_id || swarm_id->size() != hash_size(options_.swarm.hash)) return;
      std::copy(swarm_id->begin(), swarm_id->end(), greeted.begin());
      if (!running_.contains(greeted)) wake_up(greeted);
      root = &greeted;
    }
    if (root == nullptr) return;
    const auto at = running_.find(*root);
    if (at != running_.end()) at->second.content->receive(time, datagram, ways_);
  }

  /// A stranger greets a content that is known by name only.
  void wake_up(const Digest32& root) {
    std::shared_ptr<Content> content;
    {
      const std::lock_guard lock(mutex_);
      auto found = find_or_open(root, /*create=*/false);
      if (!found) return;
      content = *found;
    }
    run(content);
  }

  void run(const std::shared_ptr<Content>& content) {
    if (content->is_running() || content->is_broken()) return;
    content->start(ids_, allowance_, options_.swarm);
    running_[content->root()] = {content, now()};
  }

  void halt(const std::shared_ptr<Content>& content) {
    content->stop(now(), ways_);
    const auto at = running_.find(content->root());
    if (at != running_.end() && at->second.content == content) running_.erase(at);
    const std::lock_guard lock(mutex_);
    unsynced_.push_back(content);
  }

  /// Closes what interests nobody, and what cannot be read any more; what is whole stays known by name.
  void put_to_sleep(Instant time) {
    for (auto at = running_.begin(); at != running_.end();) {
      Running& running = (at++)->second;
      if (!running.content->is_idle() || running.content->users > 0) running.busy = time;
      const bool broken = running.content->is_broken() && running.content->users == 0;
      if (time - running.busy < kIdleTime && !broken) continue;
      const auto content = running.content;
      {
        const std::lock_guard lock(mutex_);
        if (content->users > 0) continue;
        if (content->is_complete() && !content->is_shared()) known_.try_emplace(content->root());
        const auto opened = open_.find(content->root());
        if (opened != open_.end() && opened->second == content) open_.erase(opened);
      }
      halt(content);
    }
  }

  // --- The syncer. ---

  void sync_disks() {
    std::unique_lock lock(mutex_);
    for (bool last = false; !last;) {
      sync_due_.wait_for(lock, kSyncInterval);
      last = reacted_;
      std::vector<std::shared_ptr<Content>> contents = std::exchange(unsynced_, {});
      for (const auto& [root, content] : open_) {
        if (!content->is_shared()) contents.push_back(content);
      }
      lock.unlock();
      for (const auto& content : contents) static_cast<void>(content->sync());
      contents.clear();
      lock.lock();
    }
  }

  void post(std::function<void()> command) {
    {
      std::unique_lock lock(commands_mutex_);
      if (std::this_thread::get_id() != reactor_.get_id()) {
        commands_free_.wait(lock, [&] { return commands_.size() < kMaxCommands || deaf_; });
      }
      if (deaf_) return;
      commands_.push_back(std::move(command));
    }
    nudge();
  }

  void nudge() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_, &one, sizeof one));
  }

  const EngineOptions options_;
  Ways ways_;
  const int wake_;

  // The reactor's.
  ChannelIds ids_;
  Allowance allowance_;
  std::map<Digest32, Running> running_;

  std::mutex mutex_;
  std::map<Digest32, std::shared_ptr<Content>> open_;            // guarded by mutex_
  std::map<Digest32, std::filesystem::path> known_;              // guarded by mutex_: by name; sidecar of a shared file
  std::vector<std::shared_ptr<Content>> unsynced_;               // guarded by mutex_: stopped lately
  bool stopping_ = false;                                        // guarded by mutex_
  bool reacted_ = false;                                         // guarded by mutex_: the reactor has stopped
  std::condition_variable sync_due_;

  std::mutex commands_mutex_;
  std::condition_variable commands_free_;
  std::deque<std::function<void()>> commands_;                   // guarded by commands_mutex_
  bool deaf_ = false;                                            // guarded by commands_mutex_: stopped
  std::vector<std::pair<relay::LinkNumber, Bytes>> from_links_;  // guarded by commands_mutex_

  std::thread reactor_;
  std::thread syncer_;
};

PpsppStream::~PpsppStream() { port_->closed(content_, this); }
void PpsppStream::add_providers(std::span<const Endpoint> providers) { port_->add_providers(content_, providers); }
void PpsppStream::want(std::span<const Wish> wishes, Rest rest) { port_->want(content_, this, wishes, rest); }

class PpsppEngine final : public Engine {
 public:
  explicit PpsppEngine(std::shared_ptr<Port> port) : port_(std::move(port)) { port_->start(); }
  ~PpsppEngine() override { port_->stop(); }

  Scheme scheme() const override { return Scheme::kPpspp; }
  std::uint16_t port() const override { return port_->number(); }
  Result<std::unique_ptr<Stream>> open(const ContentId& content, std::span<const Endpoint> providers) override {
    return port_->open(content, providers);
  }
  Result<ContentId> share(const std::filesystem::path& file, const std::function<bool(std::uint64_t)>& progress) override {
    return port_->share(file, progress);
  }
  bool moved(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return port_->moved(from, to);
  }
  void forget(const ContentId& content) override { port_->forget(content); }

 private:
  std::shared_ptr<Port> port_;
};

}  // namespace

Result<std::unique_ptr<Engine>> open_engine(const EngineOptions& options) {
  if (auto supported = check(options.swarm); !supported) return tl::unexpected(supported.error());
  if (options.swarm.chunk_size != ChunkStore::kChunkSize) return fail(ErrorCode::kUnsupported, "chunks of {} bytes", options.swarm.chunk_size);
  std::error_code error;
  for (const char* name : {"contents", "shared"}) {
    std::filesystem::create_directories(options.folder / name, error);
    if (error) return fail(ErrorCode::kDisk, "{}: {}", options.folder.string(), error.message());
  }
  auto socket = net::UdpSocket::bind(options.listen);
  if (!socket) return tl::unexpected(std::move(socket.error()));
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return fail(ErrorCode::kExhausted, "no event descriptor left");
  return std::make_unique<PpsppEngine>(std::make_shared<Port>(options, std::move(*socket), wake));
}

}  // namespace earshot::stream::ppspp
