// The protocol's parameters, one object shared by every peer of a process. Each default says where it comes from.
#pragma once

#include <cstdint>

#include "schema/result.h"
#include "schema/time.h"

namespace earshot::overlay {

struct Config {
  // Membership. Names and values as in HyParView (2007), section 5.1, for 10,000 nodes, unless said otherwise.
  std::uint8_t active_size = 5;
  // The paper's 30 are too few for a crash of 90 %: 3 survivors in 1,000 stay alone, because every name that they know is
  // dead (0.9^30 = 4 %) and nobody alive knows theirs; with 60 one in 8,000 does. Cost: 120 bytes a peer.
  std::uint8_t passive_size = 60;
  std::uint8_t active_walk = 6;          // ARWL
  std::uint8_t passive_walk = 3;         // PRWL
  std::uint8_t shuffle_active = 3;       // ka
  std::uint8_t shuffle_passive = 4;      // kp
  std::uint8_t shuffle_walk = 6;         // the paper gives no number: ARWL (guess)
  Duration shuffle_period = 10s;         // guess: cost is one walk of 6 messages a period
  Duration neighbor_timeout = 3s;        // guess: a reply to NEIGHBOR later than this counts as refused
  Duration join_retry = 5s;              // guess: no neighbor at all, so contacts are asked again

  // Search.
  std::uint8_t flood_ttl = 5;            // 5 hops over degree 5 pass every peer of a network of some 500
  std::uint8_t walkers = 16;             // Lv et al. 2002 measured 16 to 64
  std::uint16_t walk_ttl = 64;           // guess: 16 x 64 = 1,024 probes, a replication of 0.3 % is met with 95 %
  std::uint8_t hits_per_answer = 20;
};

/// Whether peers can work with these numbers. Errors: kInvalid, naming the field and its bounds.
Result<void> validate(const Config& config);

}  // namespace earshot::overlay
