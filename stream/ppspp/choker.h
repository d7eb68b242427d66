// Who is served while more peers ask than there are slots: tit for tat that lets newcomers in. Pure: a table in, names out.
//
// Rules
//  1. While no more peers ask than there are slots, everybody is served and nobody choked.
//  2. Every kRound the slots but one go to those who gave most since the round before. A content that is whole has
//     nothing to be given: there those come first who were served least, so that everybody has a turn.
//  3. The last slot is a gift. It goes in turns of kGift to the peer that was never served, else to the one that waits
//     longest. What a newcomer has to offer shows only after it was given something.
//  4. A newcomer need not wait for a round: it is served at once when the last gift is older than kRound.
// What a free rider gains: one slot in turn with all others. What a liar about its possessions gains: the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/time.h"

namespace earshot::stream::ppspp {

class Choker {
 public:
  static constexpr Duration kRound = 10s;
  static constexpr Duration kGift = 30s;

  explicit Choker(std::size_t slots) : slots_(slots) {}

  /// One peer that asks for something.
  struct Asker {
    std::uint32_t name = 0;          // in this table only
    std::uint64_t given = 0;         // bytes it gave us since the last round
    std::uint64_t taken = 0;         // bytes it took since the last round
    bool served = false;             // is served now
    Instant waits_since{};           // not served since
    bool never_served = true;
  };

  /// The names to be served from now on, in no order that matters. `whole`: we have all of the content.
  std::vector<std::uint32_t> choose(Instant now, std::vector<Asker> askers, bool whole);

  /// Whether choose() would change anything now: a round is over, or somebody new waits and may be let in.
  bool is_due(Instant now, bool newcomer_waits) const {
    return now >= next_round_ || (newcomer_waits && now >= gift_given_ + kRound);
  }
  Instant next_round() const { return next_round_; }

 private:
  std::size_t slots_;
  Instant next_round_{};
  Instant gift_given_ = Instant(-kGift);
  std::uint32_t gift_to_ = 0;
};

}  // namespace earshot::stream::ppspp
