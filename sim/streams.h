// What randomness is drawn for: one stream per (seed, node, purpose), so that adding a probe, a peer or a kind of fault never
// shifts another's draws.
#pragma once

#include <cstdint>

#include "schema/random.h"

namespace earshot::sim {

/// The numbers are part of every published result: new purposes get new numbers, old ones keep theirs.
enum class Purpose : std::uint64_t {
  kPeer = 1,      // the protocol's own draws, one stream a peer
  kLink = 2,
  kMessage = 3,
  kTopology = 4,
  kCatalog = 5,
  kWorkload = 6,
  kJoin = 7,      // through whom a peer joins
  kCrash = 8,
  kPlace = 9,     // where peers live
  kSide = 10,     // of a parted network
  kSession = 11,  // how long peers stay and stay away, and how they go
  kOrigin = 12,   // who asks instead of somebody who is away
  kClass = 13,    // capacity
  kAttacker = 14,
  kClock = 15,
  kBare = 16,
  kDigest = 17,   // when peers of a fixed graph publish, and whose digests are looked for
  kSoak = 18,
  kSwarm = 19,    // a peer of a swarm, one stream a life
  kSweep = 32,    // the points of a Latin hypercube; `node` is the axis
};

/// `node` is 0 for what belongs to the whole run.
inline Random stream(std::uint64_t seed, std::uint64_t node, Purpose purpose) {
  return Random::stream(seed, node, static_cast<std::uint64_t>(purpose));
}

}  // namespace earshot::sim
