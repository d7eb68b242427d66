// Flooding with a time to live (Gnutella 0.4): the baseline that everything else is compared with.
//
//  1. The origin sends a copy to every neighbor. With TTL t the query reaches exactly the peers within t hops, if no
//     message is lost and nobody leaves.
//  2. Whoever sees a query for the first time passes it to every neighbor but the one it came from, while ttl > 0.
//     Rationale: the sender has it. Later copies are dropped; that is what makes the ball a ball and not a tree of
//     walks.
//  3. A later copy is dropped even if it has more ttl left.
//     Rationale: relaying it would cost a second flood behind this peer. With equal latencies the first copy took the
//     shortest way; with unequal ones a copy may overtake it over more hops, and the ball loses some of its rim.
//
// Cost: each link inside the ball carries one copy or two, so messages = 2 x links - peers + 1 at most.
// An attacker gains: one message in makes at most one on each other link, and ttl + hops <= 7 on every receipt.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "overlay/planted.h"
#include "overlay/search/flood.h"
#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Flood final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxFloodTtl; }

  std::optional<Next> wave(std::uint32_t, const Query& query, const Progress&, Spread& spread) const override {
    Query copy = query;
    if (copy.ttl == 0) copy.ttl = spread.config().flood_ttl;
    flood_all(copy, spread);
    return std::nullopt;
  }

  bool relays_repeats() const override { return false; }

  void relay(const Query& query, PeerId from, bool, Spread& spread) const override {
    flood_all_but(from, query, spread);
  }
};

const Flood kFlood;

}  // namespace

void flood_all_but(PeerId from, const Query& query, Spread& spread) {
  if (query.ttl == 0) return;
  for (PeerId neighbor : spread.neighbors()) {
    if (neighbor != from || planted(Bug::kFloodsBack)) spread.pass_on(query, neighbor);
  }
}

void flood_all(const Query& query, Spread& spread, std::uint16_t asked_hops) {
  flood_all_but(kNoPeer, query, spread);
  const std::size_t degree = spread.degree();
  const std::uint32_t peers = peers_within(spread.network(), degree, query.ttl);
  // Every link inside the ball carries a copy, those back to where it came from excepted.
  const std::uint64_t links = std::uint64_t{peers} * std::max<std::size_t>(degree, 1);
  spread.expect(peers - peers_within(spread.network(), degree, asked_hops), static_cast<std::uint32_t>(std::min<std::uint64_t>(links - peers, UINT32_MAX)));
}

const Strategy& flood() {
  return kFlood;
}

}  // namespace earshot::overlay
