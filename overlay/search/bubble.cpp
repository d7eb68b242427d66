// Rendezvous: the question visits Q random peers, digests lie at D others, and D Q = lambda N makes them meet with probability
// 1 - e^(-lambda), however rare the thing is (budget.h). How copies spread stands in bubble.h.
//
//  1. The bubble goes out in slices. The first is small (Config::first_slice). If a slice brought hits, as many peers
//     follow as hits are missing at that rate, and a quarter more; if none, eight times as many as were asked so far.
//     In all at most Q. Rationale: what is popular costs a handful of messages, a single copy costs Q and four waits.
//     (Slices of fixed size, 1/64, 1/16, 1/4 and all, ask 100 of a million for what 8 know.)
//  2. A slice may take the time of its depth there and back; the last one a half more. Then the query ends, because all that
//     it was sent to do is done.
//
// Cost: 1.08 messages a visit, one to each candidate owner at each host that names him, and the hits.
// An attacker gains: bubble.h says what by budgets; a host that names owners who do not have it costs one message each,
// limits::kMaxOwnersPerAnswer for a visit.
#include "overlay/search/bubble.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "overlay/search/slices.h"
#include "overlay/search/strategy.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

class Bubble final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return limits::kMaxBubbleHops; }

  std::optional<Next> wave(std::uint32_t, const Query& query, const Progress& progress, Spread& spread) const override {
    return next_slice(query, progress, spread);
  }

  bool relays_repeats() const override { return true; }
  bool meets_digests() const override { return true; }

  void relay(const Query& query, PeerId from, bool first, Spread& spread) const override {
    if (query.hops >= limits::kMaxBubbleHops) return;
    const std::uint32_t left = query.visits - (first && query.visits > 0 ? 1 : 0);
    split(left, first ? 1 : kPiece, spread.neighbors(), from, spread.random(),
          [&](PeerId to, std::uint32_t share) { spread.pass_on(query, to, share); });
  }
};

const Bubble kBubble;

/// Links that a spread of so many visits crosses, and one more for what wanders.
std::uint32_t depth_of(std::uint32_t visits, std::size_t degree) {
  std::uint64_t reached = degree, shell = degree;
  std::uint32_t depth = 1;
  while (reached < visits && depth < limits::kMaxBubbleHops) {
    shell *= std::max<std::size_t>(std::min(degree, kMaxFanOut + 1) - 1, 1);
    reached += shell;
    ++depth;
  }
  return depth;
}

/// Rule 1.
std::uint32_t slice_of(std::uint32_t left, std::uint32_t asked, const Progress& progress, const Query& query,
                       const Config& config) {
  std::uint64_t slice = asked == 0 ? config.first_slice : std::uint64_t{asked} * 8;
  if (asked > 0 && progress.hits > 0) {
    const std::uint64_t missing = query.request->wanted - progress.hits;
    slice = std::min(slice, missing * asked * 5 / (std::uint64_t{progress.hits} * 4) + 1);
  }
  // A rest that is hardly worth a wait goes along.
  return slice + slice / 4 >= left ? left : static_cast<std::uint32_t>(slice);
}

}  // namespace

std::optional<Next> next_slice(const Query& query, const Progress& progress, Spread& spread) {
  const std::uint32_t asked = spread.visited();
  const std::uint32_t budget = query_visits(spread.network(), spread.config().lambda_permille);
  const std::size_t degree = spread.degree();
  if (asked >= budget || progress.hits >= query.request->wanted || degree == 0) return Next{{}, /*end=*/true};
  const std::uint32_t slice = slice_of(budget - asked, asked, progress, query, spread.config());
  Query copy = query;
  copy.strategy = StrategyKind::kBubble;
  copy.ttl = 0;
  split(slice, asked == 0 ? 1 : kPiece, spread.neighbors(), kNoPeer, spread.random(),
        [&](PeerId to, std::uint32_t share) { spread.pass_on(copy, to, share); });
  spread.expect_visits(slice);
  const Duration wait = answer_time(spread.config(), depth_of(asked + slice, degree));
  const bool last = asked + slice == budget;
  return Next{last ? wait + wait / 2 : wait, last};
}

const Strategy& bubble() {
  return kBubble;
}

}  // namespace earshot::overlay
