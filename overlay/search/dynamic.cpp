// Gnutella's dynamic query (Fisk 2003, "Gnutella dynamic query protocol v0.1"): ask one neighbor after the other, each with a TTL
// that follows from how popular the thing has proved to be so far.
//
//  1. The probe: kProbes neighbors get the query with a small TTL.
//  2. Hits so far, divided by the peers that were reached so far, are its popularity; so many more peers must be reached for
//     the hits that are still wanted. The next neighbor gets the smallest TTL whose share reaches what falls to him if all
//     remaining neighbors are asked alike; without any hit yet, the largest.
//     We leave the source: it estimates the horizon by the degrees that neighbors announce; here everybody has as many as we.
//  3. It ends when enough came back or when every neighbor has been asked. The copies are copies of one flood: who has seen
//     the query drops it, so the horizons of two neighbors overlap in vain.
//
// Neighbors are asked in the order of a hash of the query's id, so that no state is needed; who becomes a neighbor meanwhile
// may be asked in the place of another.
// Cost: for rare things the flood of the largest TTL, sent slowly; for popular ones a fraction of it.
// An attacker gains: what he gains by flooding.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "overlay/search/flood.h"
#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Dynamic final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxFloodTtl; }

  std::optional<Next> wave(std::uint32_t n, const Query& query, const Progress& progress,
                           Spread& spread) const override {
    const std::vector<PeerId> order = ranked(query, spread.neighbors());
    const std::size_t asked = n == 0 ? 0 : n + kProbes - 1;
    if (asked >= order.size() || progress.hits >= query.request->wanted) return Next{{}, /*end=*/true};
    const std::size_t now = n == 0 ? std::min<std::size_t>(kProbes, order.size()) : 1;
    const std::uint16_t largest = query.ttl == 0 ? spread.config().flood_ttl : query.ttl;
    Query copy = query;
    copy.strategy = StrategyKind::kFlood;
    copy.ttl = n == 0 ? std::min(kProbeTtl, largest) : next_ttl(progress, *query.request, order.size(), asked, largest, spread);
    for (std::size_t i = asked; i < asked + now; ++i) spread.pass_on(copy, order[i]);
    const std::uint32_t peers = behind_one(spread, copy.ttl, progress.peers_asked) * static_cast<std::uint32_t>(now);
    spread.expect(peers, peers);
    return Next{answer_time(spread.config(), copy.ttl), /*end=*/asked + now == order.size()};
  }

  bool relays_repeats() const override { return false; }
  bool may_stem() const override { return false; }

  /// Its copies are a flood's; none goes by this name.
  void relay(const Query& query, PeerId from, bool, Spread& spread) const override {
    flood_all_but(from, query, spread);
  }

 private:
  static constexpr std::size_t kProbes = 3;
  static constexpr std::uint16_t kProbeTtl = 2;

  static std::vector<PeerId> ranked(const Query& query, std::span<const PeerId> neighbors) {
    std::vector<std::pair<std::uint64_t, PeerId>> ranks;
    for (const PeerId neighbor : neighbors) {
      ranks.emplace_back(siphash({query.id.high, query.id.low}, to_number(neighbor)), neighbor);
    }
    std::sort(ranks.begin(), ranks.end());
    std::vector<PeerId> order;
    for (const auto& [rank, neighbor] : ranks) order.push_back(neighbor);
    return order;
  }

  /// Peers that a copy over one link reaches, when `asked` have dropped out of its way because they know the query.
  static std::uint32_t behind_one(const Spread& spread, std::uint16_t ttl, std::uint32_t asked) {
    const std::size_t degree = std::max<std::size_t>(spread.neighbors().size(), 2);
    const std::uint64_t peers = spread.network().peers;
    const auto missed = static_cast<std::uint32_t>(peers == 0 ? 0 : std::min<std::uint64_t>(asked * 1000ull / peers, 1000));
    return 1 + peers_within(spread.network(), degree - 1, static_cast<std::uint16_t>(ttl - 1), missed);
  }

  static std::uint16_t next_ttl(const Progress& progress, const SearchRequest& request, std::size_t links, std::size_t asked,
                                std::uint16_t largest, const Spread& spread) {
    if (progress.hits == 0) return largest;
    const std::uint64_t missing = request.wanted - progress.hits;
    const std::uint64_t needed = missing * progress.peers_asked / progress.hits / (links - asked) + 1;
    std::uint16_t ttl = 1;
    while (ttl < largest && behind_one(spread, ttl, progress.peers_asked) < needed) ++ttl;
    return ttl;
  }
};

const Dynamic kDynamic;

}  // namespace

const Strategy& dynamic() {
  return kDynamic;
}

}  // namespace earshot::overlay
