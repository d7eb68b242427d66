// Every station has a UDP port and threads of its own; what goes between them are the datagrams of RFC 7574 on loopback.
#include "tools/cli/demo_live.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "schema/bytes.h"
#include "schema/random.h"
#include "stream/net/udp.h"
#include "stream/ppspp/engine/live_station.h"
#include "tools/cli/demo_events.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/render.h"

namespace earshot::cli {

namespace {

using Clock = std::chrono::steady_clock;
using stream::ppspp::LiveSigner;
using stream::ppspp::LiveStation;

constexpr std::size_t kListeners = 20;
constexpr std::size_t kStreams = 3;
constexpr std::size_t kDeceived = kListeners - 2;  // hears a relay that alters bytes
constexpr std::size_t kLate = kListeners - 1;

constexpr std::uint64_t kBytesPerSecond = 24'000;  // 192 kilobits
constexpr std::chrono::seconds kLength{12};
constexpr std::chrono::seconds kLateAfter{5};
constexpr std::chrono::milliseconds kStep{100};
constexpr std::chrono::seconds kLinger{10};

constexpr std::int64_t kMostGapMs = 2'000, kMostDelayMs = 8'000;

const Endpoint kAnyPort = endpoint_from("127.0.0.1:0").value();

// Stands between one listener and one relay, and changes the last byte of every chunk on its way to the listener.
class Liar {
 public:
  static Result<std::unique_ptr<Liar>> open(const Endpoint& relay) {
    auto socket = stream::net::UdpSocket::bind(kAnyPort);
    if (!socket) return tl::unexpected(socket.error());
    return std::unique_ptr<Liar>(new Liar(std::move(*socket), relay));
  }
  ~Liar() {
    stopping_ = true;
    thread_.join();
  }
  Liar(const Liar&) = delete;
  Liar& operator=(const Liar&) = delete;

  const Endpoint& local() const { return socket_->local(); }
  std::uint64_t altered() const { return altered_; }

 private:
  Liar(std::unique_ptr<stream::net::UdpSocket> socket, const Endpoint& relay)
      : socket_(std::move(socket)), relay_(relay), thread_([this] { pass_on(); }) {}

  void pass_on() {
    constexpr std::size_t kChunkCarrier = 1'000;  // octets: only DATA is that long
    std::optional<Endpoint> victim;
    while (!stopping_) {
      const auto incoming = socket_->receive();
      if (incoming.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      for (const stream::net::Incoming& datagram : incoming) {
        Bytes bytes(datagram.bytes.begin(), datagram.bytes.end());
        const bool from_relay = datagram.from == relay_;
        if (!from_relay) victim = datagram.from;
        if (from_relay && bytes.size() >= kChunkCarrier) {
          bytes.back() ^= 1;
          ++altered_;
        }
        if (!victim) continue;
        const std::array<stream::net::Outgoing, 1> out = {{{from_relay ? *victim : relay_, 0, bytes.size()}}};
        socket_->send(out, bytes);
      }
    }
  }

  const std::unique_ptr<stream::net::UdpSocket> socket_;
  const Endpoint relay_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> altered_{0};
  std::thread thread_;
};

// What was put on the air, and when.
struct Broadcast {
  Bytes sound;
  Clock::time_point began = Clock::now();

  std::int64_t delay_ms(std::uint64_t heard_to) const {
    const auto said = began + std::chrono::microseconds(heard_to * 1'000'000 / kBytesPerSecond);
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - said).count();
  }
};

// Listens until it has heard the end, and compares.
struct Listener {
  std::unique_ptr<LiveStation> station;
  Clock::time_point tuned_in = Clock::now();
  std::int64_t first_ms = -1, longest_gap_ms = 0;
  std::vector<std::int64_t> delays_ms;
  bool is_equal = true, heard_the_end = false;
  std::thread thread;

  void listen(const Broadcast& broadcast, const std::atomic<bool>& stopping) {
    Bytes block(16 * 1024);
    auto last = Clock::now();
    while (!stopping && !heard_the_end) {
      const auto got = station->read(block, 100ms);
      if (!got) continue;
      const auto now = Clock::now();
      const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(now - (first_ms < 0 ? tuned_in : last)).count();
      (first_ms < 0 ? first_ms : longest_gap_ms) = first_ms < 0 ? gap : std::max<std::int64_t>(longest_gap_ms, gap);
      last = now;
      const std::uint64_t end = station->position().value_or(0);
      const ByteView said = ByteView(broadcast.sound).subspan(std::min<std::uint64_t>(end - *got, broadcast.sound.size()));
      const std::size_t known = std::min(*got, said.size());  // behind the sound are the last munro's zeros
      is_equal = is_equal && std::equal(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(known), block.begin());
      if (known == *got) delays_ms.push_back(broadcast.delay_ms(end));
      heard_the_end = end >= broadcast.sound.size();
    }
  }
};

class LiveStory {
 public:
  explicit LiveStory(const Tell& tell) : tell_(tell) {
    Random random = Random::stream(1, 0, 0);
    broadcast_.sound.resize(kBytesPerSecond * kLength.count());
    for (std::uint8_t& byte : broadcast_.sound) byte = static_cast<std::uint8_t>(random.next());
  }
  ~LiveStory() {
    stopping_ = true;
    for (Listener& listener : listeners_) {
      if (listener.thread.joinable()) listener.thread.join();
    }
  }
  LiveStory(const LiveStory&) = delete;
  LiveStory& operator=(const LiveStory&) = delete;

  Result<void> run() {
    const LiveSigner signer = LiveSigner::generate(stream::ppspp::LiveAlgorithm::kEd25519);
    auto source = LiveStation::broadcast(signer, kAnyPort, kStreams);
    if (!source) return tl::unexpected(source.error());
    source_ = std::move(*source);
    for (std::size_t i = 0; i < kLate; ++i) {
      if (auto tuned = tune_in(i, signer); !tuned) return tuned;
    }
    tell_(demo_event::listening(kListeners, 0),
          fmt::format("live: {} listeners, one of whom comes later, and a source that sends {} streams at most; a relay alters what it gives to one "
                      "of them", kListeners, kStreams));
    if (auto sent = send(signer); !sent) return sent;
    return judge();
  }

 private:
  Result<void> tune_in(std::size_t which, const LiveSigner& signer) {
    std::vector<Endpoint> peers = {source_->local()};
    if (which == kDeceived) {
      auto liar = Liar::open(listeners_[0].station->local());
      if (!liar) return tl::unexpected(liar.error());
      liar_ = std::move(*liar);
      peers.push_back(liar_->local());
    }
    auto station = LiveStation::tune_in(signer.key(), kAnyPort, peers);
    if (!station) return tl::unexpected(station.error());
    Listener& listener = listeners_[which];
    listener.station = std::move(*station);
    listener.tuned_in = Clock::now();
    listener.thread = std::thread([this, &listener] { listener.listen(broadcast_, stopping_); });
    return {};
  }

  Result<void> send(const LiveSigner& signer) {
    constexpr std::uint64_t kBlock = kBytesPerSecond * kStep.count() / 1'000;
    for (std::uint64_t sent = 0; sent < broadcast_.sound.size(); sent += kBlock) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      const auto due = broadcast_.began + std::chrono::microseconds(sent * 1'000'000 / kBytesPerSecond);
      std::this_thread::sleep_until(due);
      if (listeners_[kLate].station == nullptr && Clock::now() - broadcast_.began >= kLateAfter) {
        if (auto tuned = tune_in(kLate, signer); !tuned) return tuned;
      }
      source_->append(ByteView(broadcast_.sound).subspan(sent, std::min<std::uint64_t>(kBlock, broadcast_.sound.size() - sent)));
    }
    source_->end();
    const auto until = Clock::now() + kLinger;
    const auto has_heard = [](Listener& listener) { return listener.station->position().value_or(0) >= kBytesPerSecond * kLength.count(); };
    while (Clock::now() < until && !interrupted() && !std::all_of(listeners_.begin(), listeners_.end(), has_heard)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    stopping_ = true;
    for (Listener& listener : listeners_) listener.thread.join();
    return {};
  }

  Result<void> judge() {
    demo_event::Live live;
    live.listeners = kListeners;
    live.bytes = broadcast_.sound.size();
    live.sent = source_->counters().chunks_sent * 1'024;
    live.altered = liar_->altered();
    live.late_ms = listeners_[kLate].first_ms;
    const auto banned = listeners_[kDeceived].station->banned();
    if (const auto at = banned.find(liar_->local()); at != banned.end()) live.refused = at->second;
    std::vector<std::int64_t> delays;
    std::size_t whole = 0;
    for (const Listener& listener : listeners_) {
      whole += listener.is_equal && listener.heard_the_end ? 1 : 0;
      live.longest_gap_ms = std::max(live.longest_gap_ms, listener.longest_gap_ms);
      delays.insert(delays.end(), listener.delays_ms.begin(), listener.delays_ms.end());
    }
    std::sort(delays.begin(), delays.end());
    if (!delays.empty()) live.delay_p95_ms = delays[delays.size() * 95 / 100];
    const std::uint64_t tenths = live.sent * 10 / live.bytes;
    tell_(demo_event::live(live),
          fmt::format("live: {} of {} heard {} as they were sent; the source sent {}.{} streams; behind it by {} ms (p95); longest gap {} ms; the one "
                      "that came after {} s heard the first sound after {} ms; a relay altered {} datagrams and was refused: {}",
                      whole, kListeners, byte_count(live.bytes), tenths / 10, tenths % 10, live.delay_p95_ms, live.longest_gap_ms, kLateAfter.count(),
                      live.late_ms, live.altered, live.refused));
    if (whole != kListeners) return fail(ErrorCode::kCorrupt, "{} of {} listeners did not hear the stream as it was sent", kListeners - whole, kListeners);
    if (live.refused.empty()) return fail(ErrorCode::kInvalid, "the relay that alters bytes was not refused");
    if (live.sent > live.bytes * (kStreams * 10 + 1) / 10) return fail(ErrorCode::kInvalid, "the source sent more than {} streams", kStreams);
    if (live.delay_p95_ms > kMostDelayMs) return fail(ErrorCode::kInvalid, "the listeners were {} ms behind", live.delay_p95_ms);
    if (live.longest_gap_ms > kMostGapMs) return fail(ErrorCode::kInvalid, "a listener heard nothing for {} ms", live.longest_gap_ms);
    return {};
  }

  const Tell& tell_;
  Broadcast broadcast_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<LiveStation> source_;
  std::unique_ptr<Liar> liar_;
  std::array<Listener, kListeners> listeners_;
};

}  // namespace

Result<void> live_story(const Tell& tell) { return LiveStory(tell).run(); }

}  // namespace earshot::cli
