// What a person gets who does not choose: the cheapest way that finds what exists.
//
//  1. The look-up in our own library and in the digests that we host comes first, as for every query; candidate owners
//     are asked directly.
//  2. A network that is known to be smaller than Config::flood_below is flooded: everything is found in one wave.
//  3. One whose size is not known yet is flooded with a TTL of kNear, and then asked in slices as if it had
//     kPeersUnknown peers. Rationale: a peer that has just come should find what its neighbours have within half a second,
//     and the network must not pay for what it does not know.
//  4. Any other is asked in slices of the bubble (bubble.cpp).
#include <cstdint>
#include <optional>

#include "overlay/search/flood.h"
#include "overlay/search/slices.h"
#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Automatic final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxBubbleHops; }

  std::optional<Next> wave(std::uint32_t n, const Query& query, const Progress& progress, Spread& spread) const override {
    const std::uint32_t peers = spread.network().peers;
    const bool small = peers != 0 && peers <= spread.config().flood_below;
    if (n > 0 && small) return Next{{}, /*end=*/true};
    if (n > 0 || (peers != 0 && !small)) return next_slice(query, progress, spread);
    Query copy = query;
    copy.strategy = StrategyKind::kFlood;
    copy.ttl = small ? std::uint16_t{limits::kMaxFloodTtl} : kNear;
    flood_all(copy, spread);
    return Next{answer_time(spread.config(), small ? depth(spread) : kNear), /*end=*/small};
  }

  bool relays_repeats() const override { return true; }
  bool meets_digests() const override { return true; }

  /// Its copies are a flood's or a bubble's; none goes by this name.
  void relay(const Query&, PeerId, bool, Spread&) const override {}

 private:
  static constexpr std::uint16_t kNear = 2;

  /// Hops to the farthest peer of a small network, and two more for what random graphs owe to luck.
  static std::uint16_t depth(const Spread& spread) {
    std::uint16_t hops = 1;
    while (hops < limits::kMaxFloodTtl - 2 &&
           peers_within(NetworkView{}, spread.neighbors().size(), hops) < spread.network().peers) {
      ++hops;
    }
    return static_cast<std::uint16_t>(hops + 2);
  }
};

const Automatic kAutomatic;

}  // namespace

const Strategy& automatic() {
  return kAutomatic;
}

}  // namespace earshot::overlay
