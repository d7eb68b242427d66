// The loop, the uplinks, and who comes and goes.
#include "sim/swarm_simulation.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <tuple>

#include "sim/network.h"
#include "sim/streams.h"
#include "sim/swarm_member.h"

namespace earshot::sim {

namespace {

using namespace stream::ppspp;

constexpr Duration kSlot = 4ms;
constexpr Duration kFullQueue = 500ms;
constexpr SipKey kHashKey{0x7377, 0x61726d};

/// 10.x.y.z for the peer's number; the port says which of those who had that place.
Endpoint endpoint_of(std::uint32_t peer, std::uint32_t life) {
  Endpoint endpoint;
  endpoint.address[10] = endpoint.address[11] = 0xff;
  endpoint.address[12] = 10;
  for (int i = 0; i < 3; ++i) endpoint.address[static_cast<std::size_t>(13 + i)] = static_cast<std::uint8_t>(peer >> (8 * (2 - i)));
  endpoint.port = static_cast<std::uint16_t>(1 + life % 65'000);
  return endpoint;
}

std::uint32_t peer_of(const Endpoint& endpoint) {
  return std::uint32_t{endpoint.address[13]} << 16 | std::uint32_t{endpoint.address[14]} << 8 | endpoint.address[15];
}

enum class WhatHappens : std::uint8_t { kArrival, kTick, kPlay, kJoin, kGo };

struct SwarmEvent {
  Instant at;
  std::uint64_t order = 0;
  WhatHappens kind{};
  std::uint32_t peer = 0;
  Endpoint to, from;  // kArrival
  Bytes bytes;
  bool operator>(const SwarmEvent& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
};

class SwarmRun {
 public:
  SwarmRun(const SwarmScenario& scenario, std::uint64_t seed, const std::optional<DurationLaw>& session)
      : settings_(scenario.swarm), seed_(seed), session_(session), network_(scenario.network, seed), places_(scenario.peers + 1),
        signer_(LiveSigner::generate(LiveAlgorithm::kEd25519)) {
    if (settings_.kind == SwarmKind::kVod) content_ = SharedContent::drawn(seed, settings_.content_kib);
  }

  SwarmRecord run() {
    for (std::uint32_t peer = 0; peer < places_.size(); ++peer) {
      push({Instant(1s) + settings_.join_interval * static_cast<std::int64_t>(peer), 0, WhatHappens::kJoin, peer, {}, {}, {}});
    }
    const Instant end = Instant(1s) + settings_.time;
    while (!events_.empty() && !done_) {
      SwarmEvent event = std::move(const_cast<SwarmEvent&>(events_.top()));
      events_.pop();
      if (event.at > end) break;
      now_ = event.at;
      hash_ = siphash(kHashKey, hash_ ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()) ^
                                    (std::uint64_t{event.peer} << 40) ^ (event.bytes.size() << 24) ^ static_cast<std::uint64_t>(event.kind));
      happen(event);
    }
    return account();
  }

 private:
  struct Place {
    std::unique_ptr<SwarmMember> member;
    Endpoint endpoint;
    std::uint32_t lives = 0;
    Instant deadline = kNever;   // for which a tick waits in the queue
    Instant line_free{};         // when its uplink has sent everything
    std::uint32_t sent = 0;
    std::uint64_t bytes = 0;
  };

  void push(SwarmEvent event) {
    event.order = order_++;
    events_.push(std::move(event));
  }

  void happen(SwarmEvent& event) {
    Place& place = places_[event.peer];
    switch (event.kind) {
      case WhatHappens::kJoin: return join(event.peer);
      case WhatHappens::kGo: return go(event.peer, event.to);
      case WhatHappens::kPlay:
        if (!place.member || place.endpoint != event.to) return;
        place.member->play(now_, out_);
        carry_out(event.peer);
        push({now_ + kPlayStep, 0, WhatHappens::kPlay, event.peer, place.endpoint, {}, {}});
        return;
      case WhatHappens::kArrival:
        if (!place.member || place.endpoint != event.to) return;
        place.member->receive(now_, event.from, event.bytes, out_);
        return carry_out(event.peer);
      case WhatHappens::kTick:
        if (!place.member || place.deadline != event.at) return;
        place.deadline = kNever;
        if (place.member->next_deadline() <= now_) place.member->tick(now_, out_);
        carry_out(event.peer);
    }
  }

  void join(std::uint32_t peer) {
    Place& place = places_[peer];
    const std::uint64_t own = static_cast<std::uint64_t>(stream(seed_, std::uint64_t{place.lives} << 32 | peer, Purpose::kSwarm).next());
    const bool source = peer == 0;
    if (settings_.kind == SwarmKind::kVod) place.member = vod_member(settings_, content_, source, own, now_);
    else if (source) place.member = live_source(settings_, signer_, own, now_);
    else place.member = live_listener(settings_, signer_.key(), own, now_);
    place.endpoint = endpoint_of(peer, place.lives++);
    place.line_free = now_;
    place.deadline = kNever;
    Random random = Random::stream(own, 0, 3);
    if (!source) {
      ++record_.peers;
      for (std::uint32_t i = 0; i < settings_.providers; ++i) {
        const Place& other = present_.size() <= settings_.providers ? places_[0] : places_[present_[random.below(present_.size())]];
        if (other.member && other.endpoint != place.endpoint) place.member->add_peer(now_, other.endpoint, out_);
      }
      if (session_) push({now_ + session_->draw(random), 0, WhatHappens::kGo, peer, place.endpoint, {}, {}});
    }
    if (place.lives == 1) present_.push_back(peer);
    carry_out(peer);
    push({now_ + kPlayStep, 0, WhatHappens::kPlay, peer, place.endpoint, {}, {}});
  }

  void go(std::uint32_t peer, const Endpoint& who) {
    Place& place = places_[peer];
    if (!place.member || place.endpoint != who) return;
    Random random = stream(seed_, std::uint64_t{place.lives} << 32 | peer, Purpose::kSession);
    if (random.chance(settings_.graceful_per_million, 1'000'000)) {
      place.member->leave(now_, out_);
      carry_out(peer);
    }
    ended_.push_back(place.member->listening());
    place.member.reset();
    join(peer);
  }

  void carry_out(std::uint32_t peer) {
    Place& place = places_[peer];
    for (std::size_t i = 0; i < out_.effects.size(); ++i) {
      const Effect effect = out_.effects[i];
      if (const auto* load = std::get_if<Load>(&effect)) place.member->loaded(now_, *load, out_);
    }
    for (const Effect& effect : out_.effects) {
      if (const auto* send = std::get_if<Send>(&effect)) transmit(peer, *send);
    }
    out_.clear();
    const Instant deadline = place.member->next_deadline();
    if (deadline == kNever || deadline >= place.deadline) return;
    // At the end of the slot, when everything that arrives in it is here.
    const auto slot = std::max(deadline, now_).time_since_epoch() / kSlot + 1;
    const Instant at(kSlot * slot);
    if (at >= place.deadline) return;
    place.deadline = at;
    push({at, 0, WhatHappens::kTick, peer, {}, {}, {}});
  }

  void transmit(std::uint32_t peer, const Send& send) {
    Place& place = places_[peer];
    ++record_.datagrams;
    place.bytes += send.size;
    if (place.line_free > now_ + kFullQueue) {
      ++record_.lost;
      return;
    }
    const std::uint64_t rate = (peer == 0 ? settings_.source_kbit : settings_.peer_kbit) * 125ull;
    place.line_free = std::max(place.line_free, now_) + Duration(static_cast<std::int64_t>(send.size * 1'000'000 / rate));
    const std::uint32_t to = peer_of(send.to);
    const auto travel = to < places_.size() ? network_.travel(PeerId{peer}, PeerId{to}, place.sent++) : std::nullopt;
    if (!travel) {
      ++record_.lost;
      return;
    }
    const auto slot = (place.line_free + *travel).time_since_epoch() / kSlot;
    const ByteView bytes = ByteView(out_.arena).subspan(send.offset, send.size);
    push({std::max(Instant(kSlot * slot), now_), 0, WhatHappens::kArrival, to, send.to, place.endpoint, Bytes(bytes.begin(), bytes.end())});
    // A vod run is over when all have everything and nobody comes any more.
    if (record_.datagrams % 4096 == 0) done_ = settings_.kind == SwarmKind::kVod && !session_ && is_over();
  }

  bool is_over() const {
    return std::all_of(places_.begin() + 1, places_.end(), [](const Place& place) {
      return place.member && place.member->listening().whole;
    });
  }

  SwarmRecord account() {
    std::vector<Listening> all = ended_;
    for (std::size_t peer = 1; peer < places_.size(); ++peer) {
      if (places_[peer].member) all.push_back(places_[peer].member->listening());
    }
    std::vector<Duration> starts, wholes, delays;
    Duration played{}, stalled{};
    for (const Listening& one : all) {
      if (one.start) starts.push_back(*one.start);
      if (one.whole) wholes.push_back(*one.whole);
      delays.insert(delays.end(), one.delays.begin(), one.delays.end());
      played += one.played;
      stalled += one.stalled;
      record_.stood_still += one.stalls > 0;
    }
    const auto quantile = [](std::vector<Duration>& values, std::size_t percent) {
      if (values.empty()) return Duration{};
      std::sort(values.begin(), values.end());
      return values[std::min(values.size() - 1, values.size() * percent / 100)];
    };
    record_.heard = static_cast<std::uint32_t>(starts.size());
    record_.whole = static_cast<std::uint32_t>(wholes.size());
    std::tie(record_.start_p50, record_.start_p95, record_.start_max) = std::tuple(quantile(starts, 50), quantile(starts, 95), quantile(starts, 100));
    std::tie(record_.whole_p50, record_.whole_p95, record_.whole_max) = std::tuple(quantile(wholes, 50), quantile(wholes, 95), quantile(wholes, 100));
    std::tie(record_.delay_p50, record_.delay_p95) = std::tuple(quantile(delays, 50), quantile(delays, 95));
    const auto listened = static_cast<double>((played + stalled).count());
    if (listened > 0) record_.stalled_percent = 100.0 * static_cast<double>(stalled.count()) / listened;
    record_.simulated = now_ - Instant(1s);
    const double seconds = static_cast<double>(record_.simulated.count()) / 1e6;
    const double stream_bytes =
        settings_.kind == SwarmKind::kVod ? static_cast<double>(content_.bytes.size()) : static_cast<double>(settings_.bit_rate) / 8 * seconds;
    record_.source_copies = static_cast<double>(places_[0].bytes) / stream_bytes;
    record_.event_hash = hash_;
    return record_;
  }

  const SwarmSettings settings_;
  const std::uint64_t seed_;
  const std::optional<DurationLaw>& session_;
  Network network_;
  SharedContent content_;
  std::vector<Place> places_;  // the source first
  std::vector<std::uint32_t> present_;
  LiveSigner signer_;
  std::priority_queue<SwarmEvent, std::vector<SwarmEvent>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  Instant now_{};
  bool done_ = false;
  Outbox out_;
  std::uint64_t hash_ = 0;
  std::vector<Listening> ended_;
  SwarmRecord record_;
};

}  // namespace

Result<SwarmRecord> run_swarm(const SwarmScenario& scenario, std::uint64_t seed) {
  std::optional<DurationLaw> session;
  if (scenario.swarm.session) {
    auto law = DurationLaw::from(*scenario.swarm.session);
    if (!law) return tl::unexpected(std::move(law.error()));
    session = std::move(*law);
  }
  return SwarmRun(scenario, seed, session).run();
}

}  // namespace earshot::sim
