// Expanding ring (Lv et al. 2002, section 4.1): floods of growing TTL until enough came back.
//
//  1. Wave n floods with TTL n + 1, up to the request's ttl or Config::flood_ttl; then the query ends.
//  2. Each wave has an id of its own, the query's plus n. Rationale: peers drop what they have seen, and a larger ring must go
//     through the smaller one. So every peer drops repeats within a wave and passes each wave on, with no memory but its
//     table of queries seen.
//  3. A copy says how far the wave before it went (`visits`); peers within that many hops pass it on and do not look
//     again. Rationale: they have answered. A peer may have been reached by a way that was faster and longer, and be
//     skipped both times; that costs some of the rim, as in any flood.
//
// Cost: a flood of the last TTL, and all smaller ones before it: with degree 5 a third more.
// An attacker gains: what he gains by flooding.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "overlay/search/flood.h"
#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Ring final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxFloodTtl; }

  std::optional<Next> wave(std::uint32_t n, const Query& query, const Progress& progress,
                           Spread& spread) const override {
    const std::uint32_t largest = query.ttl == 0 ? spread.config().flood_ttl : query.ttl;
    if (n == largest || progress.hits >= query.request->wanted) return Next{{}, /*end=*/true};
    Query copy = query;
    copy.ttl = static_cast<std::uint16_t>(n + 1);
    copy.visits = n;
    flood_all(copy, spread, static_cast<std::uint16_t>(n));
    return Next{answer_time(spread.config(), n + 1), /*end=*/n + 1 == largest};
  }

  bool renews_id() const override { return true; }
  bool relays_repeats() const override { return false; }
  bool looks(const Query& query) const override { return query.hops > query.visits; }

  void relay(const Query& query, PeerId from, bool, Spread& spread) const override {
    flood_all_but(from, query, spread);
  }
};

const Ring kRing;

}  // namespace

const Strategy& ring() {
  return kRing;
}

}  // namespace earshot::overlay
