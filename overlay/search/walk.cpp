// k random walkers (Lv, Cao, Cohen, Li, Shenker 2002, "Search and Replication in Unstructured Peer-to-Peer Networks").
//
//  1. The origin sends k walkers, spread over its neighbors as evenly as k allows, from a random one on.
//     Rationale: two walkers with the same first step explore less; the paper draws each step independently.
//  2. A walker takes exactly ttl steps unless it meets a peer with no neighbor or a lost message. Each peer that it
//     visits looks in its library once per query; a visit by a second walker, or a revisit, passes it on without a
//     look.
//     Rationale: the walkers of one query share its id, and the answer would be the same.
//  3. A walker does not step back where it came from if there is another way (a non-backtracking walk mixes faster),
//     and otherwise each neighbor is equally likely. The paper keeps state at the peers so that walkers of one query
//     part; we do not, it would cost a slot per neighbor and query.
//  4. Walkers do not check back with the origin, which the paper does every fourth step; a walk ends with its ttl.
//     Rationale: checking needs the origin's address in the query, and then everyone knows who asks.
//
// Cost: k x ttl messages, whatever the network's size.
// An attacker gains: one message in makes one message out, for hops + ttl <= 1,024 steps.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Walk final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxWalkTtl; }

  std::optional<Next> wave(std::uint32_t, const Query& query, const Progress&, Spread& spread) const override {
    const std::span<const PeerId> neighbors = spread.neighbors();
    if (neighbors.empty()) return std::nullopt;
    Query walker = query;
    if (walker.ttl == 0) walker.ttl = spread.config().walk_ttl;
    const std::uint8_t wanted = query.request->walkers == 0 ? spread.config().walkers : query.request->walkers;
    const std::size_t start = spread.random().below(neighbors.size());
    for (std::size_t i = 0; i < wanted; ++i) spread.pass_on(walker, neighbors[(start + i) % neighbors.size()]);
    const std::uint32_t steps = std::uint32_t{wanted} * walker.ttl;
    spread.expect(peers_within(spread.network(), steps, /*ttl=*/1), steps);
    return std::nullopt;
  }

  bool relays_repeats() const override { return true; }

  void relay(const Query& query, PeerId from, bool, Spread& spread) const override {
    const std::span<const PeerId> neighbors = spread.neighbors();
    if (query.ttl == 0 || neighbors.empty()) return;
    spread.pass_on(query, next_step(neighbors, from, spread.random()));
  }

 private:
  static PeerId next_step(std::span<const PeerId> neighbors, PeerId from, Random& random) {
    const auto back = std::find(neighbors.begin(), neighbors.end(), from);
    if (back == neighbors.end()) return neighbors[random.below(neighbors.size())];
    if (neighbors.size() == 1) return from;
    const auto step = static_cast<std::ptrdiff_t>(random.below(neighbors.size() - 1));
    return neighbors.begin() + step < back ? neighbors[static_cast<std::size_t>(step)]
                                           : neighbors[static_cast<std::size_t>(step) + 1];
  }
};

const Walk kWalk;

}  // namespace

const Strategy& walk() {
  return kWalk;
}

}  // namespace earshot::overlay
