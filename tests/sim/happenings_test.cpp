// Peers that come and go, attack, are slow, or are parted: what each part of a scenario does to a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/holdings.h"
#include "sim/lives.h"
#include "sim/results.h"
#include "sim/roles.h"
#include "sim/simulation.h"
#include "sim/streams.h"
#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

/// 300 peers that join, ask for five minutes, and whatever else is said.
Scenario live(const std::string& more) {
  return scenario_from(R"(version = 1
[population]
peers = 300
[topology]
kind = "membership"
join_interval_us = 5000
settle_s = 30
[catalog]
items = 50
copies = 10
[questions]
each_s = 300
span_s = 300
arrivals = "poisson"
time_s = 5
[[search]]
strategy = "flood"
ttl = 4
)" + more);
}

double share_satisfied(const RunRecord& record) {
  return static_cast<double>(record.tally.satisfied) / static_cast<double>(record.tally.asked);
}

TEST(Lives, DrawsEverybodyWhoIsThereAndNobodyElse) {
  Lives lives(10);
  for (std::uint32_t i = 0; i < 10; ++i) lives.begin(PeerId{i});
  for (const std::uint32_t gone : {3u, 9u, 0u}) lives.end(PeerId{gone});
  lives.begin(PeerId{9});
  EXPECT_EQ(lives.sessions(PeerId{9}), 2u);
  EXPECT_EQ(lives.alive(), 8u);
  Random random = stream(1, 0, Purpose::kOrigin);
  std::vector<int> drawn(10);
  for (int i = 0; i < 8'000; ++i) ++drawn[to_number(lives.draw(random))];
  EXPECT_EQ(drawn[3], 0);
  EXPECT_EQ(drawn[0], 0);
  for (const std::uint32_t peer : {1u, 2u, 4u, 5u, 6u, 7u, 8u, 9u}) EXPECT_NEAR(drawn[peer], 1'000, 150);
  EXPECT_EQ(lives.all().size(), 8u);
}

TEST(Holdings, FollowWhoIsThereAndWhoseLibraryHeHas) {
  const Catalog catalog(20, std::vector<std::uint32_t>{8, 3}, stream(1, 0, Purpose::kCatalog));
  Holdings holdings(catalog, 20, /*changing=*/true);
  EXPECT_EQ(holdings.copies(0), 0u);
  for (std::uint32_t i = 0; i < 20; ++i) holdings.come(PeerId{i});
  EXPECT_EQ(holdings.copies(0), 8u);
  const PeerId holder = catalog.holders(0)[0];
  PeerId other{0};
  while (holdings.holds(other, 0)) other = PeerId{to_number(other) + 1};
  holdings.go(holder);
  EXPECT_EQ(holdings.copies(0), 7u);
  holdings.give(holder, other);
  holdings.come(holder);
  EXPECT_EQ(holdings.copies(0), 7u);
  EXPECT_FALSE(holdings.holds(holder, 0));
  EXPECT_FALSE(holdings.holds(holder, kNoItem));
}

TEST(Roles, AreTheirSharesOfThePeers) {
  std::vector<ClassSettings> classes(2);
  classes[0].per_million = 200'000;
  classes[1].per_million = 500'000;
  const Roles roles(classes, {}, 1);
  std::vector<int> counted(3);
  for (std::uint32_t i = 0; i < 20'000; ++i) ++counted[roles.class_of(PeerId{i})];
  EXPECT_NEAR(counted[0], 6'000, 250);
  EXPECT_NEAR(counted[1], 4'000, 250);
  EXPECT_NEAR(counted[2], 10'000, 250);
  EXPECT_FALSE(roles.has_attackers());
}

TEST(Churn, KeepsItsShareOfThePeersOnline) {
  // Sessions of 72 s on the average, absences of 36 s: two thirds are there.
  const Scenario scenario = live(R"([churn]
session = {law = "exponential", median_s = 50}
away = {law = "exponential", median_s = 25}
[probe]
every_ms = 5_000
component = true
)");
  const RunRecord record = run_once(scenario, 1);
  ASSERT_GT(record.samples.size(), 60u);
  double alive = 0;
  double connected = 0;
  int counted = 0;
  for (const Sample& sample : record.samples) {
    if (sample.at < Instant{} + 150s) continue;
    alive += sample.alive;
    connected += static_cast<double>(sample.largest_component) / sample.alive;
    ++counted;
  }
  EXPECT_NEAR(alive / counted, 200, 12);
  EXPECT_GT(connected / counted, 0.98);
  EXPECT_NEAR(static_cast<double>(record.tally.departures), 200.0 / 72 * 335, 130);
  EXPECT_GT(share_satisfied(record), 0.8);
  EXPECT_EQ(record.tally.asked, record.queries.size());
  EXPECT_EQ(record.event_hash, run_once(scenario, 1).event_hash);
}

/// Who is replaced at once leaves as many as before, and newcomers bring other libraries.
TEST(Churn, ReplacesPeopleAtOnce) {
  const Scenario scenario = live(R"([churn]
session = {law = "weibull", median_s = 50, shape = 0.6}
away = {law = "constant", median_s = 0}
graceful = 0
library = "new"
)");
  const RunRecord record = run_once(scenario, 2);
  EXPECT_GE(record.alive, 299u);
  EXPECT_GT(record.tally.departures, 500u);
  EXPECT_GT(share_satisfied(record), 0.85);
  double copies = 0;
  for (const QueryTrack& query : record.queries) copies += query.available;
  EXPECT_NEAR(copies / static_cast<double>(record.queries.size()), 10, 1.5);
}

TEST(Churn, AsLittleAsAProbeShiftsNothing) {
  const std::string churn = "[churn]\nsession = {law = \"exponential\", median_s = 100}\n";
  EXPECT_EQ(run_once(live(churn), 3).event_hash, run_once(live(churn + "[probe]\nevery_ms = 777\n"), 3).event_hash);
}

TEST(Crash, WhoCrashesComesBackWhenTheScenarioSaysSo) {
  const RunRecord record = run_once(live("[[crash]]\nat_s = 60\nshare = 0.5\nback_s = 60\n"), 1);
  EXPECT_EQ(record.alive, 300u);
  EXPECT_EQ(record.tally.departures, 150u);
  EXPECT_EQ(record.tally.arrivals, 450u);
  EXPECT_GE(record.largest_component, 299u);
}

TEST(Partition, CutsTheNetworkAndItHeals) {
  const std::string parting = "[[partition]]\nat_s = 60\nuntil_s = 200\nshare = 0.5\n[probe]\nevery_ms = 1000\ncomponent = true\n";
  const RunRecord record = run_once(live(parting), 1);
  const auto component_at = [&](Duration time) {
    return std::find_if(record.samples.begin(), record.samples.end(), [&](const Sample& s) { return s.at >= Instant{} + time; })->largest_component;
  };
  EXPECT_EQ(component_at(40s), 300u);
  EXPECT_LT(component_at(190s), 200u);
  EXPECT_EQ(record.largest_component, 300u);
}

TEST(ClockStep, AClockThatJumpsHarmsNobody) {
  const RunRecord record = run_once(live("[[clock_step]]\nat_s = 100\nshare = 0.5\nby_s = 7200\n"), 1);
  EXPECT_EQ(record.largest_component, 300u);
  EXPECT_GT(share_satisfied(record), 0.9);
}

TEST(FlashCrowd, AsksForOneThing) {
  const RunRecord record = run_once(live("[[flash_crowd]]\nat_s = 100\nuntil_s = 200\nshare = 0.8\nitem = 17\n"), 1);
  int in_time = 0;
  int for_it = 0;
  for (const QueryTrack& query : record.queries) {
    const Duration since = query.asked - record.queries.front().asked;
    if (since < 100s || since >= 200s) continue;
    ++in_time;
    for_it += query.item == 17 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(for_it) / in_time, 0.8, 0.1);
}

TEST(CapacityClass, TheSlowDropWhatTheyCannotWorkOn) {
  const std::string slow = "[[class]]\nname = \"slow\"\nshare = 0.5\nmessages_per_s = 1\nqueue_ms = 2000\n";
  const RunRecord limited = run_once(live(slow), 1);
  EXPECT_GT(limited.tally.overloaded, 1'000u);
  const RunRecord wide = run_once(live("[[class]]\nname = \"wide\"\nshare = 0.2\nactive_size = 15\n"), 1);
  EXPECT_GT(static_cast<double>(wide.links) / 300, 6.0);
  const auto first_ms = [](const RunRecord& record) {
    double sum = 0;
    for (const QueryTrack& query : record.queries) sum += static_cast<double>(query.first_after.count());
    return sum / static_cast<double>(record.tally.satisfied);
  };
  EXPECT_GT(first_ms(run_once(live("[[class]]\nname = \"far\"\nshare = 1\naccess_ms = 300\n"), 1)), 2.5 * first_ms(run_once(live(""), 1)));
}

TEST(Attackers, DroppersCostAnswers) {
  EXPECT_GT(share_satisfied(run_once(live(""), 1)), share_satisfied(run_once(live("[[attacker]]\nkind = \"dropper\"\nshare = 0.6\n"), 1)) + 0.05);
}

TEST(Attackers, SpammersAnswerWithWhatIsNotWanted) {
  const RunRecord record = run_once(live("[[attacker]]\nkind = \"spammer\"\nshare = 0.2\n"), 1);
  std::uint64_t false_hits = 0;
  for (const QueryTrack& query : record.queries) false_hits += query.false_hits;
  EXPECT_GT(false_hits, record.queries.size() * 10);
}

TEST(Attackers, FloodersMakeTraffic) {
  const RunRecord quiet = run_once(live(""), 1);
  const RunRecord loud = run_once(live("[[attacker]]\nkind = \"flooder\"\nshare = 0.01\nperiod_ms = 3000\n"), 1);
  EXPECT_GT(loud.messages, 2 * quiet.messages);
  EXPECT_EQ(loud.tally.asked, loud.queries.size());
}

TEST(Attackers, SybilsFillActiveViews) {
  const RunRecord sybil = run_once(live("[[attacker]]\nkind = \"sybil\"\nshare = 0.05\nperiod_ms = 1000\n"), 1);
  EXPECT_GT(static_cast<double>(sybil.census.attacker_links) / static_cast<double>(sybil.census.honest_links), 0.15);
  EXPECT_NEAR(sybil.census.honest, 285, 15);
}

TEST(Attackers, PoisonersFillPassiveViews) {
  const Scenario scenario = live("[[attacker]]\nkind = \"poisoner\"\nshare = 0.05\n");
  const Result<World> world = build_world(scenario, 1);
  ASSERT_TRUE(world);
  Simulation simulation(scenario, *world, scenario.searches[0], 1, {});
  simulation.run();
  const Roles roles({}, scenario.attackers, 1);
  double names = 0;
  double poisoned = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    if (roles.attacker_of(PeerId{i}) != 0) continue;
    for (const PeerId name : simulation.population().seat(PeerId{i}).peer.passive_view()) {
      ++names;
      poisoned += roles.attacker_of(name) != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(poisoned / names, 1.2 * 0.05);
}

TEST(Attackers, WaitForTheirTime) {
  const std::string late = "[[attacker]]\nkind = \"dropper\"\nshare = 0.6\nfrom_s = 100_000\n";
  EXPECT_NEAR(share_satisfied(run_once(live(late), 1)), share_satisfied(run_once(live(""), 1)), 0.05);
}

TEST(Topology, TwoTiersHaveACoreAndLeaves) {
  const Result<Topology> graph = two_tier(1000, 100, 10, 3, stream(1, 0, Purpose::kTopology));
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->edges(), 100u * 10 / 2 + 900 * 3);
  for (std::uint32_t leaf = 100; leaf < 1000; ++leaf) {
    ASSERT_EQ(graph->neighbors(PeerId{leaf}).size(), 3u);
    for (const PeerId peer : graph->neighbors(PeerId{leaf})) EXPECT_LT(to_number(peer), 100u);
  }
  EXPECT_FALSE(two_tier(1000, 2, 10, 3, stream(1, 0, Purpose::kTopology)));
}

TEST(Observer, SeesWhatArrives) {
  struct Counting final : Observer {
    std::uint64_t messages = 0;
    std::uint64_t settled_calls = 0;
    void arrives(Instant, PeerId, PeerId, const overlay::Message&) override { ++messages; }
    void settled(Instant, PeerId, const Simulation&) override { ++settled_calls; }
  } counting;
  const Scenario scenario = small_static();
  const Result<World> world = build_world(scenario, 1);
  Simulation simulation(scenario, *world, scenario.searches[0], 1, {.observer = &counting});
  simulation.run();
  const RunRecord record = simulation.record();
  EXPECT_EQ(counting.messages, record.messages - record.lost);
  EXPECT_GE(counting.settled_calls, counting.messages);
  EXPECT_EQ(record.event_hash, run_once(scenario, 1).event_hash);
}

}  // namespace
}  // namespace earshot::sim
