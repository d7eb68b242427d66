// The virtual driver: the same everywhere, and right where an independent count is possible.
#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/results.h"
#include "sim/statistics.h"
#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

/// The golden numbers: g++ and clang, debug and release builds all check the same ones. They change when the protocol's
/// behaviour changes, and then only on purpose.
TEST(Simulation, TheEventHashIsTheSameEverywhere) {
  const RunRecord flood = run_once(small_static(), 1, 0);
  const RunRecord walk = run_once(small_static(), 1, 1);
  const RunRecord live = run_once(small_live(), 1);
  EXPECT_EQ(fmt::format("{} {:016x}", flood.events, flood.event_hash), "13033 38e333ccd59f33a5");
  EXPECT_EQ(fmt::format("{} {:016x}", walk.events, walk.event_hash), "6394 84975554337bc1be");
  EXPECT_EQ(fmt::format("{} {:016x}", live.events, live.event_hash), "47914 fa47b36c956ce505");
}

TEST(Simulation, RepeatsItselfAndDiffersFromSeedToSeed) {
  EXPECT_EQ(run_once(small_static(), 5).event_hash, run_once(small_static(), 5).event_hash);
  EXPECT_NE(run_once(small_static(), 5).event_hash, run_once(small_static(), 6).event_hash);
  EXPECT_EQ(run_once(small_live(), 5).event_hash, run_once(small_live(), 5).event_hash);
}

TEST(Simulation, NothingChangesThroughTheWire) {
  for (const Scenario& scenario : {small_static(), small_live()}) {
    for (std::size_t search = 0; search < scenario.searches.size(); ++search) {
      const RunRecord plain = run_once(scenario, 2, search);
      const RunRecord wired = run_once(scenario, 2, search, /*through_the_wire=*/true);
      EXPECT_EQ(plain.event_hash, wired.event_hash);
      EXPECT_EQ(csv_line(row_of("", plain)), csv_line(row_of("", wired)));
      EXPECT_EQ(wired.wire_frames, wired.messages);
    }
  }
}

TEST(Simulation, AFloodReachesWhatBreadthFirstSearchReaches) {
  for (const char* kind : {"random_regular", "erdos_renyi", "barabasi_albert", "watts_strogatz"}) {
    for (std::uint32_t ttl = 1; ttl <= 7; ++ttl) {
      const Scenario scenario = scenario_from(fmt::format(R"(version = 1
population.peers = 2000
topology.kind = "{}"
topology.degree = 4
network.latency = "constant"
questions.count = 20
[[search]]
strategy = "flood"
ttl = {}
)", kind, ttl));
      const Result<World> world = build_world(scenario, ttl);
      ASSERT_TRUE(world);
      const RunRecord record = run_in(*world, scenario, ttl);
      ASSERT_EQ(record.queries.size(), 20u);
      for (const QueryTrack& query : record.queries) {
        EXPECT_EQ(query.reached, nodes_within(*world->topology, query.origin, ttl)) << kind << ", ttl " << ttl;
      }
    }
  }
}

/// Of the holders within the radius every one is found, and none beyond.
TEST(Simulation, AFloodFindsTheHoldersItReaches) {
  const Scenario scenario = scenario_from(R"(version = 1
population.peers = 2000
topology.degree = 6
network.latency = "constant"
catalog.copies = 20
questions.count = 50
[[search]]
strategy = "flood"
ttl = 3
)");
  const Result<World> world = build_world(scenario, 1);
  ASSERT_TRUE(world);
  const RunRecord record = run_in(*world, scenario, 1);
  for (const QueryTrack& query : record.queries) {
    std::set<PeerId> ball{query.origin};
    for (int hop = 0; hop < 3; ++hop) {
      for (const PeerId peer : std::set<PeerId>(ball)) {
        ball.insert(world->topology->neighbors(peer).begin(), world->topology->neighbors(peer).end());
      }
    }
    std::uint32_t within = 0;
    for (const PeerId holder : world->catalog.holders(query.item)) {
      within += holder != query.origin && ball.contains(holder) ? 1 : 0;
    }
    EXPECT_EQ(query.hits, within);
  }
}

/// Walkers written a second time, with another source of randomness: 16 that do not step back, and how many peers they see.
double peers_seen_by_walkers(const Topology& graph, PeerId origin, int walkers, int steps, std::mt19937_64& random) {
  std::set<PeerId> seen;
  const auto first = graph.neighbors(origin);
  const std::size_t offset = random() % first.size();
  for (int walker = 0; walker < walkers; ++walker) {
    PeerId before = origin;
    PeerId here = first[(offset + static_cast<std::size_t>(walker)) % first.size()];
    seen.insert(here);
    for (int step = 1; step < steps; ++step) {
      std::vector<PeerId> choices;
      for (const PeerId peer : graph.neighbors(here)) {
        if (peer != before) choices.push_back(peer);
      }
      before = std::exchange(here, choices.empty() ? before : choices[random() % choices.size()]);
      seen.insert(here);
    }
  }
  seen.erase(origin);
  return static_cast<double>(seen.size());
}

TEST(Simulation, WalkersSeeAsManyPeersAsAnIndependentWalk) {
  for (const char* kind : {"random_regular", "barabasi_albert"}) {
    const Scenario scenario = scenario_from(fmt::format(R"(version = 1
population.peers = 3000
topology.kind = "{}"
topology.degree = 8
questions.count = 300
questions.interval_ms = 500
questions.time_s = 20
[[search]]
strategy = "walk"
walkers = 16
ttl = 64
)", kind));
    const Result<World> world = build_world(scenario, 1);
    ASSERT_TRUE(world);
    const RunRecord record = run_in(*world, scenario, 1);
    std::vector<double> simulated;
    std::vector<double> independent;
    std::mt19937_64 random(1);
    for (const QueryTrack& query : record.queries) {
      EXPECT_EQ(query.copies, 16u * 64u);
      simulated.push_back(query.reached);
      independent.push_back(peers_seen_by_walkers(*world->topology, query.origin, 16, 64, random));
    }
    const Interval ours = mean_interval(simulated);
    const Interval theirs = mean_interval(independent);
    // Two 95 % intervals of the same mean fail to touch once in some 200 seeds; the seeds here are fixed.
    EXPECT_NEAR(ours.mean, theirs.mean, ours.half_width + theirs.half_width) << kind;
  }
}

TEST(Simulation, LossTakesItsShareOfTheMessages) {
  Scenario scenario = small_static();
  scenario.network.loss_per_million = 100'000;
  const RunRecord record = run_once(scenario, 3, 1);
  EXPECT_NEAR(static_cast<double>(record.lost) / static_cast<double>(record.messages), 0.1, 0.02);
  EXPECT_LT(record.queries[0].copies, 8u * 50u);
}

TEST(Simulation, PeersJoinByTheClockOrByDoubling) {
  TopologySettings settings;
  settings.join_interval = 3ms;
  EXPECT_EQ(join_time(settings, 100) - Instant{}, Duration(300ms));
  settings.join_doubling = 2s;
  EXPECT_EQ(join_time(settings, 0) - Instant{}, Duration(0s));
  EXPECT_EQ(join_time(settings, 1) - Instant{}, Duration(0s));
  EXPECT_EQ(join_time(settings, 1024) - Instant{}, Duration(20s));
}

TEST(Simulation, JoiningPeersMakeOneConnectedNetwork) {
  Scenario scenario = small_live();
  scenario.crashes.clear();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const RunRecord record = run_once(scenario, seed);
    EXPECT_EQ(record.largest_component, 300u) << "seed " << seed;
    EXPECT_GT(static_cast<double>(record.links) / 300, 4.0) << "seed " << seed;
    EXPECT_LE(static_cast<double>(record.links) / 300, 5.0) << "seed " << seed;
  }
}

/// The committed scenarios, smaller: who joins slowly and who joins in a storm ends in one network.
TEST(Simulation, ScenariosOfJoiningPeersEndInOnePiece) {
  for (const char* name : {"membership.toml", "join_storm.toml"}) {
    const Result<Scenario> scenario = load_scenario(std::string(EARSHOT_SOURCE_DIR "/sim/scenarios/") + name,
                                                    {{"population.peers", "1000"}, {"questions.count", "1"}});
    ASSERT_TRUE(scenario) << scenario.error().what;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      EXPECT_EQ(run_once(*scenario, seed).largest_component, 1000u) << name << ", seed " << seed;
    }
  }
}

/// A third dies without a word; links report it, and the rest finds together again.
TEST(Simulation, SurvivorsOfACrashRepairTheirViews) {
  const RunRecord record = run_once(small_live(), 1);
  EXPECT_EQ(record.alive, 210u);
  EXPECT_EQ(record.largest_component, 210u);
  EXPECT_GT(static_cast<double>(record.links) / 210, 4.0);
}

TEST(Simulation, AWorldThatDoesNotFitIsRefused) {
  Scenario scenario = small_static();
  scenario.catalog.copies = 501;
  EXPECT_EQ(build_world(scenario, 1).error().what, "catalog.copies: 501 copies of an item among 500 peers");
  scenario = small_static();
  scenario.topology.degree = 500;
  EXPECT_FALSE(build_world(scenario, 1));
}

TEST(Simulation, SearchesAreComparedOnTheSameQuestions) {
  const RunRecord flood = run_once(small_static(), 4, 0);
  const RunRecord walk = run_once(small_static(), 4, 1);
  ASSERT_EQ(flood.queries.size(), walk.queries.size());
  for (std::size_t i = 0; i < flood.queries.size(); ++i) {
    EXPECT_EQ(flood.queries[i].origin, walk.queries[i].origin);
    EXPECT_EQ(flood.queries[i].item, walk.queries[i].item);
  }
}

/// What a million peers may cost, without the memory of digests that they will host.
TEST(Simulation, APeerFitsIntoItsBudget) {
  EXPECT_LE(sizeof(Seat), 448u);
  const RunRecord record = run_once(small_live(), 1);
  EXPECT_LE(record.population_bytes / record.peers, 1'200u);
}

}  // namespace
}  // namespace earshot::sim
