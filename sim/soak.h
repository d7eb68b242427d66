// Soak: every seed draws a small network and its own faults (loss, duplicates, reordering, partings, crashes, churn, clock steps,
// attackers), checks what must hold after each event (invariants.h), then lets the network heal and demands that it works.
//
//   0 .. ready             peers join
//   ready .. kFaults       faults; questions all the while
//   .. kFaults + kRepair   peace: no faults any more, time to repair
//   .. + kWork             questions whose answers are demanded
//
// Demanded at the end: everybody who is alive and behaves hangs together, few links are known to one end only, each flood reached
// nearly everybody and found nearly every copy, walkers took most of their steps, nothing is in flight that nobody waits for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/time.h"
#include "sim/scenario.h"

namespace earshot::sim {

inline constexpr Duration kSoakFaults = 60s;
inline constexpr Duration kSoakRepair = 400s;
inline constexpr Duration kSoakWork = 30s;

struct SoakResult {
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::optional<std::string> violation;  // none: all held
};

/// What a seed draws.
Scenario soak_scenario(std::uint64_t seed);

SoakResult soak(std::uint64_t seed);

}  // namespace earshot::sim
