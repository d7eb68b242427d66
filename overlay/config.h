// The protocol's parameters, one object shared by every peer of a process. Each default says where it comes from.
#pragma once

#include <cstdint>

#include "schema/result.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::overlay {

class AddressGroups;
class Strategy;

struct Config {
  // Membership. Names and values as in HyParView (2007), section 5.1, for 10,000 nodes, unless said otherwise.
  std::uint8_t active_size = 5;
  // Of the active view, slots that only our own choice fills (membership.h, rule 12); the others are granted to whoever asks.
  // 0: no slot is either, as in the paper.
  std::uint8_t outbound_size = 0;
  // The paper's 30 are too few for a crash of 90 %: 3 survivors in 1,000 stay alone, because every name that they know is
  // dead (0.9^30 = 4 %) and nobody alive knows theirs; with 60 one in 8,000 does. Cost: 120 bytes a peer.
  std::uint8_t passive_size = 60;
  std::uint8_t active_walk = 6;          // ARWL
  std::uint8_t passive_walk = 3;         // PRWL
  std::uint8_t shuffle_active = 3;       // ka
  std::uint8_t shuffle_passive = 4;      // kp
  std::uint8_t shuffle_walk = 6;         // the paper gives no number: ARWL (guess)
  Duration shuffle_period = 10s;         // guess: cost is one walk of 6 messages a period
  // Of a peer that has lost nobody for long (membership.h, rule 13): an upkeep of a fifth, and nothing is repaired later.
  Duration calm_period = 60s;
  Duration neighbor_timeout = 3s;        // guess: a reply to NEIGHBOR later than this counts as refused
  Duration join_retry = 5s;              // guess: no neighbor at all, so contacts are asked again

  // Search.
  std::uint8_t flood_ttl = 5;            // 5 hops over degree 5 pass every peer of a network of some 500
  std::uint8_t walkers = 16;             // Lv et al. 2002 measured 16 to 64
  std::uint16_t walk_ttl = 64;           // guess: 16 x 64 = 1,024 probes, a replication of 0.3 % is met with 95 %
  std::uint8_t hits_per_answer = 20;
  Duration hop_time = 120ms;             // 95 % of the links of C_lat (PlanetLab, Seattle) are faster; how long waves wait
  std::uint16_t lambda_permille = 4000;  // 98.2 % of what exists once is found (budget.h)
  // A search of a network this small floods all of it: 256 x 15 messages find everything, for six times the cost.
  std::uint16_t flood_below = 256;
  // The first slice of a bubble: what 1 % of a million share comes back 50 times from 8 visits (620 x 1 % x 8).
  std::uint8_t first_slice = 8;

  // Fairness (fairness/ledger.h). 200 links at a quarter of it are 5,000 questions a second.
  std::uint32_t queries_per_s = 100;     // that one link may bring

  // Digests.
  bool hosts = true;                     // whether digests of others are kept
  // What is not published is not found: of all who are here at a time, with sessions of 87 min on average, 1 % have come
  // within the last minute, 11 % within ten. And of those who come 1 % are gone within a minute.
  Duration publish_after = 1min;
  Duration digest_life = 45min;
  // A digest is published in as many parts, each at other peers, one every digest_life / digest_parts.
  std::uint8_t digest_parts = 3;
  // Copies die with their hosts: of a part that lives 45 min, with sessions of 87 min on average, 78 % of the time is
  // lived through; 100 / 78 is a part more in four.
  std::uint8_t digest_excess_percent = 28;
  std::uint8_t publish_walk = 2;         // steps to where a later part spreads: with 16 links 240 peers are that far
  std::uint16_t hosted_per_minute = 120; // digests that a peer takes in. A million peers publish 18 a minute to each

  // Estimates.
  Duration estimate_period = 15s;        // 0: none. 60 rounds take a quarter of an hour

  // Whose addresses are close; null: nobody's. It must outlive the peers.
  const AddressGroups* groups = nullptr;

  // A strategy that is being tried out, in place of the table's one of that kind (search/strategy.h). Programs set it, never a file or
  // a message. It must outlive the peers.
  const Strategy* tried = nullptr;
  StrategyKind tried_kind = StrategyKind::kFlood;
};

/// What a peer needs whose network holds strangers: split views (membership.h, rule 12), and as many links as rendezvous want.
Config among_strangers();

/// Whether peers can work with these numbers. Errors: kInvalid, naming the field and its bounds.
Result<void> validate(const Config& config);

}  // namespace earshot::overlay
