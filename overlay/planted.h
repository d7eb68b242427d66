// Bugs on purpose. A test compiles the files that ask planted() a second time, with them in, to see that what is to find bugs
// finds them (tests/sim/planted_test.cpp). In every other build planted() is the constant false, and nothing of them is left.
#pragma once

#include <cstdint>

namespace earshot::overlay {

enum class Bug : std::uint8_t {
  kNone,
  kForgetsQueries,     // a query is not remembered
  kHitsAstray,         // hits are relayed to where they came from
  kFloodsBack,         // a flood also goes back to where it came from
  kLivesTooLong,       // a hop does not cost ttl
  kDeliversTwice,      // hits are not checked for repetition
  kNeverCloses,        // a question's time is not looked at
  kKeepsTheLost,       // a neighbor stays although the link is gone
  kSilentEviction,     // an evicted neighbor's link is kept
  kKeepsTheLeaver,     // who says good-bye stays
  kNeverRewires,       // rule 11 of membership.h is not there
  kNoSecondRound,      // contacts are asked once only
  kStaysDue,           // the next shuffle is due at once
  kShufflesTooOften,   // the period is an eighth of what it should be
  kForwardsTwice,      // a join is forwarded twice to each
};
inline constexpr Bug kLastBug = Bug::kForwardsTwice;

#ifdef EARSHOT_PLANTED_BUGS
inline Bug planted_bug = Bug::kNone;  // one at a time
inline bool planted(Bug bug) { return planted_bug == bug; }
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace earshot::overlay
