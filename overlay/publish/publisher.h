// Our library's digest goes to D random peers and stays there; those of others come to us. The arithmetic of D stands in
// estimate/budget.h, how copies spread in search/bubble.h.
//
//  1. A digest is published when its owner has been here for Config::publish_after; a newer one at once.
//     Rationale: many stay for moments only, and their copies would be wasted.
//  2. The first time it spreads at once over all links, to all D. Later it is published in Config::digest_parts parts, one
//     each digest_life / digest_parts, each for digest_life, from when two parts can take the place of the first spread before
//     it ends. So D copies are alive at any time: when hosts leave, later parts replace what was lost
//     (digest_excess_percent). Rationale: owner and hosts say nothing to each other, and nobody counts copies; what is
//     measured is whether questions meet digests (estimate/estimates.h).
//  3. A later part first walks publish_walk steps at random, then spreads from there. Rationale: parts that spread from the
//     owner would all lie at the same peers. But each step may meet a dropper, who then takes the whole part, so there are few;
//     among 10 % of droppers two steps cost 19 % of the parts, where four cost 41 % and made the success 77 % of what it is
//     without a walk 93 %.
//  4. Who gets a publication first and hosts, counts itself and keeps the digest (HostDigest); hops, visits and life are clamped
//     on every receipt. Beyond Config::hosted_per_minute it is passed on as if it had been seen before.
//  5. From neighbors only (membership rule 8).
//
// Cost: 6.8 kB a copy: at a million peers 620 x 16 / 14 copies x 1.28 in 45 min, 2.2 kB/s up and as much down.
// An attacker gains: a place at D peers for a digest of his own, at his neighbors' expense: as honest peers. He can send
// more of them under names that he makes up; the store's quotas per owner and address group bound what they displace.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "overlay/message.h"
#include "overlay/search/seen_queries.h"
#include "overlay/turn.h"
#include "schema/ids.h"
#include "schema/time.h"

namespace earshot::overlay {

/// The shards of one library.
using SharedDigests = std::shared_ptr<const std::vector<SharedDigest>>;

class Publisher {
 public:
  /// Ours from now on; null or empty: none.
  void publish(Turn& turn, SharedDigests digests);
  void tick(Turn& turn, std::span<const PeerId> neighbors, SeenQueries& seen);
  void receive(Turn& turn, PeerId from, const Publish& message, std::span<const PeerId> neighbors, SeenQueries& seen);
  Instant next_deadline() const { return part_at_; }

 private:
  void send(Turn& turn, std::uint8_t parts, std::uint8_t walk, std::span<const PeerId> neighbors, SeenQueries& seen);
  bool has_room(Turn& turn);

  SharedDigests digests_;
  Instant part_at_ = kNever;
  Instant full_until_{};     // rule 4: a bucket as one instant
  bool published_ = false;   // in full, at least once
};

}  // namespace earshot::overlay
