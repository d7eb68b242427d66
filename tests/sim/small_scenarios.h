// Small scenarios that several tests run.
#pragma once

#include <string>

#include "schema/check.h"
#include "sim/scenario.h"
#include "sim/simulation.h"
#include "sim/world.h"

namespace earshot::sim {

inline Scenario scenario_from(const std::string& text) {
  const Result<Scenario> scenario = parse_scenario(text, "test.toml", {});
  if (!scenario) check_failed(scenario.error().what.c_str(), __FILE__, __LINE__);
  return *scenario;
}

/// A static graph, floods and walks, real latencies and a little loss.
inline Scenario small_static() {
  return scenario_from(R"(version = 1
[population]
peers = 500
[topology]
kind = "random_regular"
degree = 6
[network]
loss = 0.01
[catalog]
items = 20
copies = 5
[questions]
count = 20
interval_ms = 100
[[search]]
strategy = "flood"
ttl = 4
[[search]]
strategy = "walk"
walkers = 8
ttl = 50
)");
}

/// The membership protocol makes the graph, and a third of the peers dies.
inline Scenario small_live() {
  return scenario_from(R"(version = 1
[population]
peers = 300
[topology]
kind = "membership"
join_interval_us = 5000
settle_s = 40
[catalog]
items = 20
copies = 5
[questions]
count = 10
interval_ms = 500
[[search]]
strategy = "flood"
ttl = 7
[[crash]]
at_s = 10
share = 0.3
)");
}

inline RunRecord run_in(const World& world, const Scenario& scenario, std::uint64_t seed, std::size_t search = 0,
                        bool through_the_wire = false) {
  Simulation simulation(scenario, world, scenario.searches[search], seed, {through_the_wire});
  simulation.run();
  return simulation.record();
}

inline RunRecord run_once(const Scenario& scenario, std::uint64_t seed, std::size_t search = 0, bool through_the_wire = false) {
  const Result<World> world = build_world(scenario, seed);
  if (!world) check_failed(world.error().what.c_str(), __FILE__, __LINE__);
  return run_in(*world, scenario, seed, search, through_the_wire);
}

}  // namespace earshot::sim
