// A run in parts is the same run.
#include "sim/partition.h"

#include <gtest/gtest.h>

#include "sim/graph_export.h"
#include "sim/results.h"
#include "sim/soak.h"
#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

RunRecord run_in_parts(const Scenario& scenario, std::uint64_t seed, std::size_t search, std::uint32_t parts) {
  const Result<World> world = build_world(scenario, seed);
  if (!world) check_failed(world.error().what.c_str(), __FILE__, __LINE__);
  return run_on_threads(scenario, *world, scenario.searches[search], seed, {}, parts, [] { return Duration(); }).record;
}

TEST(Partition, AnyNumberOfPartsGivesTheSameResult) {
  for (const Scenario& scenario : {small_static(), small_live()}) {
    for (std::size_t search = 0; search < scenario.searches.size(); ++search) {
      const RunRecord whole = run_once(scenario, 1, search);
      for (const std::uint32_t parts : {1u, 2u, 3u}) {
        const RunRecord split = run_in_parts(scenario, 1, search, parts);
        EXPECT_EQ(split.event_hash, whole.event_hash) << parts;
        EXPECT_EQ(split.events, whole.events) << parts;
        EXPECT_EQ(split.largest_component, whole.largest_component);
        ASSERT_EQ(split.queries.size(), whole.queries.size());
        for (std::size_t i = 0; i < whole.queries.size(); ++i) {
          EXPECT_EQ(split.queries[i].reached, whole.queries[i].reached);
          EXPECT_EQ(split.queries[i].copies, whole.queries[i].copies);
          EXPECT_EQ(split.queries[i].deepest, whole.queries[i].deepest);
          EXPECT_EQ(split.queries[i].hits, whole.queries[i].hits);
          EXPECT_EQ(split.queries[i].first_after, whole.queries[i].first_after);
          EXPECT_EQ(split.copies[i], whole.copies[i]);
        }
      }
    }
  }
}

/// The soak's scenarios have everything that can happen: crossings of all kinds, at all times.
TEST(Partition, SoIsARunUnderFaults) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario = soak_scenario(seed);
    scenario.workload.questions = 12;
    const RunRecord whole = run_once(scenario, seed);
    const RunRecord split = run_in_parts(scenario, seed, 0, 2);
    EXPECT_EQ(split.event_hash, whole.event_hash) << "seed " << seed;
    EXPECT_EQ(split.events, whole.events) << "seed " << seed;
    ASSERT_EQ(split.samples.size(), whole.samples.size());
    EXPECT_EQ(split.samples.back().tally.messages, whole.samples.back().tally.messages);
    EXPECT_EQ(split.samples.back().census.links, whole.samples.back().census.links);
  }
}

}  // namespace
}  // namespace earshot::sim
