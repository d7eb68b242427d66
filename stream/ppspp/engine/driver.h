// What drives swarms in a real process gives them: the time, and randomness that nobody can guess.
#pragma once

#include <sys/random.h>

#include <chrono>

#include "schema/check.h"
#include "schema/random.h"
#include "schema/time.h"

namespace earshot::stream::ppspp {

/// Batches of datagrams taken before the swarms tick: acknowledgements must not wait for a flood to end.
inline constexpr int kBatchesPerTurn = 4;

inline Instant now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

inline Random secret_random() {
  SipKey key;
  EARSHOT_CHECK(getrandom(&key, sizeof key, 0) == sizeof key);
  return Random(key);
}

}  // namespace earshot::stream::ppspp
