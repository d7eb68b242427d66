// The way that a question goes before it spreads (after Dandelion++, BIP 156): whoever hears it first cannot tell who asks.
//
//  1. The origin sends its waves to two neighbors only, the same for an epoch of ten minutes, half to each.
//  2. Each peer on the stem looks in its library, remembers the link for the hits, and draws once for each question: with
//     kSpreadPercent it lets the question spread as if it had just come over one hop, else it sends it on to one of two neighbors
//     of its own; which of them follows from the link that it came on. The draw is a keyed hash of the id, so that later waves go
//     the same way. Rationale: one link in, one link out, so that several questions of one peer say no more than one (BIP 156).
//  3. A copy that comes on another link than the first one spreads here: the way has met itself. So a way has an end however
//     peers draw.
//  4. A stem has no length in it: hops stays 1 until the spread begins.
//  5. kAuto: only in a network known to have more than Config::flood_below peers, for a peer that has three neighbors at least;
//     and a question of which nothing at all has come back goes out openly with its last wave. Rationale: peers on the way that
//     drop it must not hide what exists.
//
// Cost: 3.6 links a way on average, some 0.3 s.
// An attacker gains: of spies that guess that who told them first is who asks, a share of one in five is right for less than two in
// five questions that they hear of (tests/overlay/search/stem_test.cpp), and without a stem for most of them. Who asks stays
// visible to whoever he fetches from.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "overlay/search/seen_queries.h"
#include "schema/ids.h"
#include "schema/time.h"

namespace earshot::overlay {

class Stems {
 public:
  static constexpr std::uint32_t kSpreadPercent = 28;
  static constexpr Duration kEpoch = 10min;

  /// Of these neighbors. Two who stay are chosen again for as long as the epoch lasts, whoever else comes and goes.
  Stems(const SeenQueries& keys, Instant now, std::span<const PeerId> neighbors) {
    const auto epoch = static_cast<std::uint64_t>(now.time_since_epoch() / kEpoch);
    std::array<std::uint64_t, 2> best = {UINT64_MAX, UINT64_MAX};
    for (const PeerId neighbor : neighbors) {
      const std::uint64_t rank = keys.keyed(epoch << 32 | to_number(neighbor));
      const std::size_t place = rank < best[0] ? 0 : rank < best[1] ? 1 : 2;
      if (place == 2) continue;
      if (place == 0) {
        best[1] = best[0];
        peers_[1] = peers_[0];
      }
      best[place] = rank;
      peers_[place] = neighbor;
      count_ = std::min<std::size_t>(count_ + 1, 2);
    }
  }

  std::span<const PeerId> peers() const { return std::span(peers_).first(count_); }

  /// Rule 2: where what comes from there goes; kNoPeer when there is nowhere to go.
  PeerId onward(const SeenQueries& keys, PeerId from) const {
    const std::size_t first = keys.keyed(~std::uint64_t{to_number(from)}) & 1;
    for (const std::size_t place : {first, 1 - first}) {
      if (place < count_ && peers_[place] != from) return peers_[place];
    }
    return kNoPeer;
  }

  static bool spreads_here(const SeenQueries& keys, const QueryId& id) { return keys.keyed(id.high) % 100 < kSpreadPercent; }

 private:
  std::array<PeerId, 2> peers_ = {kNoPeer, kNoPeer};
  std::size_t count_ = 0;
};

}  // namespace earshot::overlay
