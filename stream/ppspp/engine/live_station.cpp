// One thread, one socket, one swarm.
#include "stream/ppspp/engine/live_station.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "stream/ppspp/engine/driver.h"

namespace earshot::stream::ppspp {

namespace {

constexpr Duration kStationSleep = 500ms;

/// The NTP time of this process's Instant zero.
std::uint64_t ntp_at_zero() {
  const auto unix_us = std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()) - now().time_since_epoch();
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_us.count(), 0));
  return ((kNtpOfUnixEpoch + us / 1'000'000) << 32) + ((us % 1'000'000) << 32) / 1'000'000;
}

}  // namespace

Result<std::unique_ptr<LiveStation>> LiveStation::open(const Endpoint& listen, const std::function<LiveSwarm(Random)>& make) {
  auto socket = net::UdpSocket::bind(listen);
  if (!socket) return tl::unexpected(std::move(socket.error()));
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return fail(ErrorCode::kExhausted, "no event descriptor left");
  return std::unique_ptr<LiveStation>(new LiveStation(std::move(*socket), wake, make(secret_random())));
}

Result<std::unique_ptr<LiveStation>> LiveStation::broadcast(LiveSigner signer, const Endpoint& listen, std::size_t slots, Dialect dialect) {
  if (dialect == Dialect::kDraft10 && signer.key().algorithm() != LiveAlgorithm::kEcdsaP256) {
    return fail(ErrorCode::kUnsupported, "draft 10 knows keys of ECDSA P-256 only");
  }
  return open(listen, [&](Random random) {
    LiveConfig config;
    config.slots = slots;
    config.dialect = dialect;
    config.ntp_at_zero = ntp_at_zero();
    return LiveSwarm(std::move(signer), config, random);
  });
}

Result<std::unique_ptr<LiveStation>> LiveStation::tune_in(LiveKey key, const Endpoint& listen, std::span<const Endpoint> peers) {
  auto station = open(listen, [&](Random random) {
    LiveConfig config;
    config.ntp_at_zero = ntp_at_zero();
    return LiveSwarm(std::move(key), config, random);
  });
  if (!station) return station;
  const std::lock_guard lock((*station)->mutex_);
  for (const Endpoint& peer : peers) (*station)->swarm_.add_peer(now(), peer, (*station)->out_);
  (*station)->carry_out();
  (*station)->nudge();
  return station;
}

LiveStation::LiveStation(std::unique_ptr<net::UdpSocket> socket, int wake, LiveSwarm swarm)
    : socket_(std::move(socket)), wake_(wake), swarm_(std::move(swarm)) {
  thread_ = std::thread([this] { react(); });
}

LiveStation::~LiveStation() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  nudge();
  thread_.join();
  close(wake_);
}

void LiveStation::nudge() const {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof one));
}

void LiveStation::react() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Duration sleep = std::clamp<Duration>(swarm_.next_deadline() - now(), Duration(0), kStationSleep);
    lock.unlock();
    std::array<pollfd, 2> events = {pollfd{socket_->descriptor(), POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const timespec limit{static_cast<time_t>(sleep.count() / 1'000'000), static_cast<long>(sleep.count() % 1'000'000 * 1000)};
    ppoll(events.data(), events.size(), &limit, nullptr);
    std::uint64_t ignored = 0;
    static_cast<void>(!::read(wake_, &ignored, sizeof ignored));
    lock.lock();
    for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
      const auto incoming = socket_->receive();
      if (incoming.empty()) break;
      for (const net::Incoming& datagram : incoming) swarm_.receive(now(), datagram.from, datagram.bytes, out_);
      carry_out();
    }
    if (now() >= swarm_.next_deadline()) swarm_.tick(now(), out_);
    carry_out();
    changed_.notify_all();
  }
  swarm_.leave(now(), out_);
  carry_out();
}

void LiveStation::carry_out() {
  for (const Effect& effect : out_.effects) {
    if (const auto* send = std::get_if<Send>(&effect)) outgoing_.push_back({send->to, send->offset, send->size});
  }
  socket_->send(outgoing_, out_.arena);
  outgoing_.clear();
  out_.clear();
}

std::size_t LiveStation::peers() const {
  const std::lock_guard lock(mutex_);
  return swarm_.channels();
}

LiveSwarm::Counters LiveStation::counters() const {
  const std::lock_guard lock(mutex_);
  return swarm_.counters();
}

std::map<Endpoint, std::string> LiveStation::banned() const {
  const std::lock_guard lock(mutex_);
  return swarm_.banned();
}

std::optional<std::uint64_t> LiveStation::position() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

void LiveStation::append(ByteView bytes) {
  {
    const std::lock_guard lock(mutex_);
    swarm_.append(now(), bytes, out_);
    carry_out();
  }
  nudge();
}

void LiveStation::end() {
  {
    const std::lock_guard lock(mutex_);
    swarm_.end(now(), out_);
    carry_out();
  }
  nudge();
}

/// Whether the next byte is here; goes on behind a gap that has lasted too long.
bool LiveStation::find_next(Instant time) {
  if (!swarm_.tuned_in()) return false;
  constexpr std::uint64_t kChunk = LiveConfig{}.chunk_size;
  if (!next_) next_ = *swarm_.tuned_in() * kChunk;
  const std::uint64_t chunk = *next_ / kChunk;
  if (swarm_.verified().contains(chunk)) {
    gap_since_ = Instant{};
    return true;
  }
  const ChunkRange later = swarm_.verified().first_run({chunk, chunk + (std::uint64_t{1} << 32)});
  if (later.empty()) return false;
  if (gap_since_ == Instant{}) gap_since_ = time;
  if (time - gap_since_ < kGapPatience) return false;
  next_ = later.begin * kChunk;
  return true;
}

Result<std::size_t> LiveStation::read(std::span<std::uint8_t> into, Duration patience) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return find_next(now()); })) {
    return fail(ErrorCode::kTimedOut, "nothing new of the stream");
  }
  constexpr std::uint64_t kChunk = LiveConfig{}.chunk_size;
  const ByteView rest = swarm_.get(*next_ / kChunk).subspan(*next_ % kChunk);
  const std::size_t size = std::min(into.size(), rest.size());
  std::copy_n(rest.begin(), size, into.begin());
  *next_ += size;
  return size;
}

}  // namespace earshot::stream::ppspp
