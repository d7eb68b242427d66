// One peer alone, its calls answered with the effects as text.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "overlay/peer.h"
#include "overlay/describe.h"
#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {

class OnePeer {
 public:
  using Lines = std::vector<std::string>;

  /// Peer number 0.
  explicit OnePeer(Config config = {}, std::uint64_t seed = 1)
      : config_(config),
        active_(config.active_size, kNoPeer),
        passive_(config.passive_size, kNoPeer),
        outbound_(config.outbound_size, kNoPeer),
        seen_(64),
        peer_(peer_id(0), config_, Random::stream(seed, 0, 1), Memory{active_, passive_, seen_, nullptr, outbound_}) {}

  Lines receive(std::size_t from, Message message) {
    peer_.receive(now, peer_id(from), message, out);
    return take();
  }
  Lines join(std::vector<PeerId> contacts) {
    peer_.join(now, contacts, out);
    return take();
  }
  Lines lost(std::size_t peer) {
    peer_.lost(now, peer_id(peer), out);
    return take();
  }
  Lines leave() {
    peer_.leave(now, out);
    return take();
  }
  QueryId ask(SearchRequest request) { return *own_.insert(peer_.ask(now, std::move(request), out)).first; }
  Lines answer(const QueryId& id, std::vector<Hit> hits) {
    const bool own = own_.contains(id);
    peer_.answer(now, Lookup{id, std::make_shared<const SearchRequest>(), true, own}, Found{hits, boxed(hits)}, {}, out);
    return take();
  }
  /// A look-up ends, and the digests that we host have something to say.
  Lines answer(const Lookup& lookup, std::vector<Hit> hits, std::vector<PeerId> owners, std::uint8_t canaries = 0) {
    peer_.answer(now, lookup, Found{hits, boxed(hits)}, Hosted{owners, canaries}, out);
    return take();
  }
  Lines publish(SharedDigests digests) {
    peer_.publish(now, std::move(digests), out);
    return take();
  }
  void assume(const NetworkView& network) { peer_.assume(network); }
  Lines cancel(const QueryId& id) {
    peer_.cancel(now, id, out);
    return take();
  }
  /// Ticks at every deadline until then.
  Lines pass(Duration duration) {
    const Instant end = now + duration;
    while (peer_.next_deadline() <= end) {
      now = std::max(now, peer_.next_deadline());
      peer_.tick(now, out);
    }
    now = end;
    return take();
  }
  /// The effects themselves, for tests that look inside messages.
  Outbox effects_of_receiving(std::size_t from, Message message) {
    Outbox effects;
    peer_.receive(now, peer_id(from), message, effects);
    return effects;
  }
  Outbox effects_of_the_next_deadline() {
    Outbox effects;
    now = std::max(now, peer_.next_deadline());
    peer_.tick(now, effects);
    return effects;
  }
  /// Boxes are opened at once.
  Lines take() {
    Lines lines;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!std::holds_alternative<Open>(out[i])) continue;
      const Open open = std::get<Open>(out[i]);
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(i--));
      peer_.opened(now, open, unboxed(open.box), out);
    }
    for (const Effect& effect : out) lines.push_back(describe(effect));
    out.clear();
    return lines;
  }

  /// Becomes a neighbor of these.
  void befriend(std::vector<std::size_t> others) {
    for (std::size_t other : others) receive(other, Neighbor{/*high_priority=*/true});
  }
  /// Names for the passive view, as they come from a neighbor's walk that ends here.
  void hear_of(std::size_t neighbor, std::vector<std::size_t> others) {
    Shuffle shuffle{peer_id(neighbor), /*ttl=*/1, {}};
    for (std::size_t other : others) {
      shuffle.peers.push_back(peer_id(other));
      if (shuffle.peers.full()) {
        receive(neighbor, shuffle);
        shuffle.peers = {};
      }
    }
    receive(neighbor, shuffle);
  }

  const Peer& operator*() const { return peer_; }
  const Peer* operator->() const { return &peer_; }

  Instant now{};
  Outbox out;

 private:
  Config config_;
  std::vector<PeerId> active_, passive_, outbound_;
  std::vector<SeenSlot> seen_;
  std::set<QueryId> own_;
  Peer peer_;
};

/// How many of the lines begin with `start`.
inline std::size_t count(const OnePeer::Lines& lines, std::string_view start) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(start); }));
}

/// How many of the lines end with `end`.
inline std::size_t count_ending(const OnePeer::Lines& lines, std::string_view end) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.ends_with(end); }));
}

}  // namespace earshot::overlay
