// Runs without the protocol's code agree with those that have it.
#include "sim/bare.h"

#include <gtest/gtest.h>

#include "sim/statistics.h"
#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

Scenario graph(const std::string& more) {
  return scenario_from(R"(version = 1
population.peers = 3000
catalog.copies = 30
questions.count = 40
questions.interval_ms = 500
)" + more);
}

RunRecord run_bare(Scenario scenario) {
  scenario.bare = true;
  const Result<World> world = build_world(scenario, 1);
  if (!world) check_failed(world.error().what.c_str(), __FILE__, __LINE__);
  BareRun run(scenario, *world, scenario.searches[0], 1);
  run.run();
  return run.record();
}

TEST(BareRun, AFloodIsTheFloodOfPeers) {
  for (const char* latency : {"latency = \"constant\"", "latency = \"log_normal\"", "latency = \"coordinates\"\nmin_ms = 5"}) {
    for (const char* kind : {"random_regular", "barabasi_albert"}) {
      const Scenario scenario = graph(fmt::format(
          "topology = {{kind = \"{}\", degree = 6}}\nsearch = [{{strategy = \"flood\", ttl = 4}}]\n[network]\n{}\n", kind, latency));
      const RunRecord bare = run_bare(scenario);
      const RunRecord full = run_once(scenario, 1);
      ASSERT_EQ(bare.queries.size(), full.queries.size());
      for (std::size_t i = 0; i < bare.queries.size(); ++i) {
        EXPECT_EQ(bare.queries[i].reached, full.queries[i].reached);
        EXPECT_EQ(bare.queries[i].copies, full.queries[i].copies);
        EXPECT_EQ(bare.queries[i].deepest, full.queries[i].deepest);
        EXPECT_EQ(bare.queries[i].hits, full.queries[i].hits);
        EXPECT_EQ(bare.queries[i].hit_messages, full.queries[i].hit_messages);
        EXPECT_EQ(bare.queries[i].first_after, full.queries[i].first_after);
      }
      EXPECT_EQ(bare.largest_component, full.largest_component);
      EXPECT_EQ(bare.messages, full.messages);
      EXPECT_EQ(bare.duplicates, full.duplicates);
    }
  }
}

TEST(BareRun, WalkersSeeAsManyPeers) {
  const Scenario scenario = graph("topology.degree = 8\nsearch = [{strategy = \"walk\", walkers = 16, ttl = 64}]\nquestions.time_s = 20\n"
                                  "[network]\nlatency = \"constant\"\n");
  const auto reach = [](const RunRecord& record) {
    std::vector<double> values;
    for (const QueryTrack& query : record.queries) {
      EXPECT_EQ(query.copies, 16u * 64u);
      values.push_back(query.reached);
    }
    return mean_interval(values);
  };
  const Interval bare = reach(run_bare(scenario));
  const Interval full = reach(run_once(scenario, 1));
  EXPECT_NEAR(bare.mean, full.mean, bare.half_width + full.half_width);
}

TEST(BareRun, RepeatsItself) {
  const Scenario scenario = graph("search = [{strategy = \"walk\", walkers = 4, ttl = 50}]\n");
  EXPECT_EQ(run_bare(scenario).event_hash, run_bare(scenario).event_hash);
}

TEST(BareRun, MayFloodFartherThanPeersDo) {
  const RunRecord record = run_bare(scenario_from("version = 1\npopulation = {peers = 3000, bare = true}\ntopology.degree = 3\n"
                                                  "questions.count = 3\nsearch = [{strategy = \"flood\", ttl = 200}]\n"));
  for (const QueryTrack& query : record.queries) {
    EXPECT_EQ(query.reached, 2999u);
    EXPECT_GT(query.deepest, 7u);
  }
}

}  // namespace
}  // namespace earshot::sim
