// What the runs of one seed have in common: the graph, who holds what, and who asks for what and when. Searches are compared
// on the same world, so a difference between them is theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/ids.h"
#include "schema/result.h"
#include "schema/time.h"
#include "sim/catalog.h"
#include "sim/distances.h"
#include "sim/lives.h"
#include "sim/scenario.h"
#include "sim/topology.h"

namespace earshot::sim {

struct Question {
  Instant at{};
  PeerId origin = kNoPeer;
  std::uint32_t item = 0;
};

struct World {
  std::uint32_t peers = 0;
  std::optional<Topology> topology;   // none: the membership protocol makes the graph
  Instant ready{};                    // everybody has joined
  std::optional<Distances> distances; // where latency is a matter of places
  std::optional<Churn> churn;
  Catalog catalog;
  std::vector<Question> questions;    // by time
};

/// When a peer joins: all with the same interval, or number n when the network has doubled log2(n) times. The first joins at 0.
Instant join_time(const TopologySettings& settings, std::uint32_t peer);

/// Errors: kInvalid when the parts do not fit together; those of the files that the scenario names.
Result<World> build_world(const Scenario& scenario, std::uint64_t seed);

}  // namespace earshot::sim
