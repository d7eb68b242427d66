// Scenarios: what is read, and what each mistake is told.
#include "sim/scenario.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "sim/swarm_scenario.h"
#include "sim/table_file.h"

namespace earshot::sim {
namespace {

const std::string kSmall = R"(version = 1
[population]
peers = 100
[[search]]
strategy = "flood"
)";

Result<Scenario> parse(const std::string& text, const std::vector<Override>& overrides = {}) {
  return parse_scenario(text, "s.toml", overrides);
}

TEST(Scenario, FillsInWhatIsNotSaid) {
  const auto scenario = parse(kSmall);
  ASSERT_TRUE(scenario) << scenario.error().what;
  EXPECT_EQ(scenario->name, "s");
  EXPECT_EQ(scenario->peers, 100u);
  EXPECT_EQ(scenario->topology.kind, TopologyKind::kRandomRegular);
  ASSERT_EQ(scenario->searches.size(), 1u);
  EXPECT_EQ(scenario->searches[0].name, "flood");
  EXPECT_EQ(scenario->protocol.active_size, overlay::Config().active_size);
}

TEST(Scenario, ReadsEverySection) {
  const auto scenario = parse(R"(version = 1
name = "all-of_it"
[population]
peers = 5000
seen_slots = 64
[topology]
kind = "membership"
join_interval_us = 500
contacts = 3
settle_s = 9
[network]
latency = "log_normal"
median_ms = 80
sigma = 0.25
max_ms = 900
per = "message"
loss = 0.015
lost_after_ms = 700
[catalog]
items = 50
replication = "zipf"
copies = 4
exponent = 0.8
[questions]
count = 12
interval_ms = 250
popularity = "zipf"
exponent = 1
flat_head = 5
time_s = 7
[[search]]
name = "far"
strategy = "flood"
ttl = 6
[[search]]
strategy = "walk"
walkers = 32
ttl = 200
wanted = 3
[[crash]]
at_s = 20
share = 0.5
back_s = 3
[[partition]]
at_s = 30
until_s = 60
share = 0.25
[[clock_step]]
at_s = 9
share = 0.1
by_s = 3600
[[class]]
name = "modem"
share = 0.2
messages_per_s = 10
queue_ms = 500
access_ms = 150
active_size = 3
[[attacker]]
kind = "spammer"
share = 0.05
from_s = 10
[[flash_crowd]]
at_s = 3
until_s = 6
share = 0.5
item = 7
[churn]
session = {law = "weibull", median_s = 1000, shape = 0.5}
away = {law = "exponential", median_s = 100}
graceful = 0.25
library = "new"
[probe]
every_ms = 500
component = true
[protocol]
active_size = 8
passive_size = 40
active_walk = 7
passive_walk = 4
shuffle_active = 2
shuffle_passive = 5
shuffle_walk = 5
shuffle_period_ms = 15000
neighbor_timeout_ms = 2000
join_retry_ms = 4000
flood_ttl = 4
walkers = 8
walk_ttl = 100
hits_per_answer = 10
)");
  ASSERT_TRUE(scenario) << scenario.error().what;
  EXPECT_EQ(scenario->name, "all-of_it");
  EXPECT_EQ(scenario->seen_slots, 64u);
  EXPECT_EQ(scenario->topology.join_interval, Duration(500us));
  EXPECT_EQ(scenario->network.loss_per_million, 15'000u);
  EXPECT_EQ(scenario->network.sigma, kFixedOne / 4);
  EXPECT_EQ(scenario->network.per, LatencyPer::kMessage);
  EXPECT_EQ(scenario->catalog.replication, Replication::kZipf);
  EXPECT_EQ(scenario->workload.flat_head, 5u);
  EXPECT_EQ(scenario->workload.time, Duration(7s));
  ASSERT_EQ(scenario->searches.size(), 2u);
  EXPECT_EQ(scenario->searches[0].name, "far");
  EXPECT_EQ(scenario->searches[1].walkers, 32);
  EXPECT_EQ(scenario->searches[1].wanted, 3);
  EXPECT_EQ(scenario->searches[0].wanted, 0);
  ASSERT_EQ(scenario->crashes.size(), 1u);
  EXPECT_EQ(scenario->crashes[0].per_million, 500'000u);
  EXPECT_EQ(scenario->crashes[0].back, Duration(3s));
  ASSERT_EQ(scenario->partitions.size(), 1u);
  EXPECT_EQ(scenario->partitions[0].until, Duration(60s));
  EXPECT_EQ(scenario->clock_steps.at(0).by, Duration(1h));
  EXPECT_EQ(scenario->classes.at(0).active_size, 3);
  EXPECT_EQ(scenario->classes[0].passive_size, std::nullopt);
  EXPECT_EQ(scenario->attackers.at(0).kind, AttackerKind::kSpammer);
  EXPECT_EQ(scenario->workload.flash_crowds.at(0).item, 7u);
  ASSERT_TRUE(scenario->churn);
  EXPECT_EQ(scenario->churn->session.kind, DurationKind::kWeibull);
  EXPECT_EQ(scenario->churn->session.shape, kFixedOne / 2);
  EXPECT_EQ(scenario->churn->graceful_per_million, 250'000u);
  EXPECT_EQ(scenario->churn->library, LibraryChange::kNew);
  EXPECT_TRUE(scenario->probe.component);
  EXPECT_EQ(scenario->protocol.active_size, 8);
  EXPECT_EQ(scenario->protocol.shuffle_period, Duration(15s));
  EXPECT_EQ(scenario->protocol.hits_per_answer, 10);
}

TEST(Scenario, ValuesFromTheCommandLineWin) {
  const auto scenario = parse(kSmall, {{"population.peers", "7"}, {"network.latency", "constant"}, {"network.median_ms", "5"}});
  ASSERT_TRUE(scenario) << scenario.error().what;
  EXPECT_EQ(scenario->peers, 7u);
  EXPECT_EQ(scenario->network.law, LatencyLaw::kConstant);
}

struct Mistake {
  std::string text;
  std::string told;
};

/// With the small scenario before it, so that a section begins in line 6.
Mistake in(const std::string& section, const std::string& told) { return {kSmall + section, told}; }

TEST(Scenario, TellsFileLineKeyAndWhatIsAllowed) {
  const std::vector<Mistake> mistakes{
      {"x = [", "s.toml:1: "},
      {"[population]\npeers = 5\n", "s.toml:1: version is missing; this program reads version = 1"},
      {"version = 2\n", "s.toml:1: version: 2 is not in 1..1"},
      {"version = 1\n[population]\npeers = 9\n", "s.toml:1: no [[search]]: say how to search, strategy = \"flood\" for example"},
      {"version = 1\n[[search]]\nstrategy = \"flood\"\n", "s.toml:1: population.peers is missing, and --nodes was not given"},
      in("[population2]\n", "s.toml:6: population2: there is no such key; allowed here: version, name, population, topology, "
                            "network, catalog, questions, digests, protocol, search, crash, partition, clock_step, class, attacker, "
                            "flash_crowd, churn, probe, sweep"),
      in("[network]\nlos = 1\n", "s.toml:7: network.los: there is no such key; allowed here: latency, median_ms, sigma, max_ms, "
                                 "per, loss, duplicates, jitter_ms, faults_until_s, lost_after_ms"),
      in("[network]\nloss = 1.5\n", "s.toml:7: network.loss: 1.5 is not in 0..1"),
      in("[network]\nloss = nan\n", "s.toml:7: network.loss: nan is not in 0..1"),
      in("[network]\nloss = \"much\"\n", "s.toml:7: network.loss: must be a number, not a text"),
      in("[network]\nmedian_ms = 1.5\n", "s.toml:7: network.median_ms: must be a whole number, not a number"),
      in("[network]\nlatency = \"gamma\"\n", "s.toml:7: network.latency: \"gamma\" is not one of constant, uniform, log_normal, "
                                               "coordinates, matrix"),
      in("[network]\nlatency = \"matrix\"\n", "s.toml:6: network: latency = \"matrix\" needs a file"),
      in("[churn]\ngraceful = 0.5\n", "s.toml:6: churn: a fixed graph has no churn: topology.kind = \"membership\" has"),
      in("[topology]\nkind = \"membership\"\n[churn]\nsession = {law = \"gauss\"}\n",
         "s.toml:9: churn.session.law: \"gauss\" is not one of constant, exponential, weibull, pareto, log_normal, imported"),
      in("[topology]\nkind = \"membership\"\n[churn]\naway = {law = \"imported\", file = \"x\"}\n",
         "s.toml:9: churn.away: law = \"imported\" needs a file and a column of seconds"),
      in("[topology]\nkind = \"membership\"\n[churn]\nsession = 5\n", "s.toml:9: churn.session: must be a table, not a whole number"),
      in("[[partition]]\nat_s = 5\nuntil_s = 5\n", "s.toml:6: partition: until_s must be after at_s"),
      in("[[attacker]]\nkind = \"dropper\"\n", "s.toml:6: attacker: a kind and a share are needed"),
      in("[[attacker]]\nkind = \"dropper\"\nshare = 0.6\n[[attacker]]\nkind = \"sybil\"\nshare = 0.5\n",
         "s.toml:1: the shares of the [[attacker]]s are more than 1"),
      in("[[class]]\nname = \"slow\"\nshare = 0.5\nactive_size = 3\n",
         "s.toml:6: class: a fixed graph fixes the views: no active_size, no passive_size"),
      in("[[crash]]\nshare = 0.5\nback_s = 3\n",
         "s.toml:6: crash: nobody joins a fixed graph again: back_s needs topology.kind = \"membership\""),
      in("[probe]\ncomponent = true\n", "s.toml:6: probe: every_ms is missing"),
      in("[probe]\ncomponent = 1\n", "s.toml:7: probe.component: must be true or false, not a whole number"),
      in("[network]\nlatency = 3\n", "s.toml:7: network.latency: must be a text, not a whole number"),
      in("[network]\nlatency = \"uniform\"\nmin_ms = 9\nmax_ms = 3\n", "s.toml:6: network: min_ms is above max_ms"),
      in("[topology]\ndegree = 0\n", "s.toml:7: topology.degree: 0 is not in 1..1000"),
      in("[topology]\nkind = \"edges\"\n", "s.toml:6: topology: kind = \"edges\" needs a file"),
      in("[topology]\nkind = \"membership\"\ndegree = 3\n",
         "s.toml:8: topology.degree: there is no such key; allowed here: kind, join_interval_us, join_doubling_ms, contacts, settle_s"),
      in("[catalog]\nreplication = \"libraries\"\n", "s.toml:6: catalog: replication = \"libraries\" needs a file"),
      in("[questions]\ntime_s = 500\n", "s.toml:7: questions.time_s: 500 is not in 1..120"),
      in("[questions]\npopularity = \"counts\"\n", "s.toml:6: questions: popularity = \"counts\" needs a file"),
      in("[protocol]\nactive_size = 300\n", "s.toml:7: protocol.active_size: 300 is not in 1..255"),
      in("[protocol]\nactive_walk = 2\n", "s.toml:6: protocol: passive_walk is 3, not in 0..2"),
      in("[[search]]\nttl = 3\n", "s.toml:6: search: a strategy is missing"),
      in("[[search]]\nstrategy = \"magic\"\n", "s.toml:7: search.strategy: \"magic\" is not one of flood, walk, ring, dynamic, bubble, auto"),
      in("[[search]]\nstrategy = \"flood\"\nttl = 8\n", "s.toml:8: search.ttl: 8 is not in 0..7"),
      in("[[search]]\nstrategy = \"flood\"\nwalkers = 8\n",
         "s.toml:8: search.walkers: there is no such key; allowed here: strategy, name, ttl, wanted, stem"),
      in("[[search]]\nstrategy = \"flood\"\n", "s.toml:1: two searches are named flood: give one a name"),
      in("[[search]]\nname = \"a b\"\nstrategy = \"flood\"\n", "s.toml:7: search.name: a name has 1 to 64 letters, digits, '-' or '_'"),
      in("[[crash]]\nat_s = 1\n", "s.toml:6: crash: a share is missing"),
      {kSmall + "[crash]\nat_s = 1\n", "s.toml:6: crash: must be tables, [[crash]]"},
      {"version = 1\npopulation = 3\n", "s.toml:2: population: must be a table, [population]"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto scenario = parse(mistake.text);
    ASSERT_FALSE(scenario) << mistake.text;
    EXPECT_EQ(scenario.error().code, ErrorCode::kInvalid);
    if (mistake.told.ends_with(": ")) {
      EXPECT_TRUE(scenario.error().what.starts_with(mistake.told)) << scenario.error().what;
    } else {
      EXPECT_EQ(scenario.error().what, mistake.told);
    }
  }
}

TEST(Scenario, TellsWhichCommandLineValueIsWrong) {
  EXPECT_EQ(parse(kSmall, {{"network.loss", "2"}}).error().what, "--set network.loss=2: network.loss: 2 is not in 0..1");
  EXPECT_EQ(parse(kSmall, {{"version.x", "2"}}).error().what, "--set version.x=2: version is no table");
  EXPECT_EQ(parse(kSmall, {{"network.", "2"}}).error().what, "--set network.=2: a key is missing");
}

/// Whoever changes a key learns here which files have it.
TEST(Scenario, EveryCommittedScenarioIsRead) {
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EARSHOT_SOURCE_DIR "/sim/scenarios")) {
    const auto swarm = parse_swarm_scenario(read_text(entry.path()).value(), entry.path(), {});
    EXPECT_TRUE(swarm) << swarm.error().what;
    if (swarm && *swarm) {
      ++read;
      continue;
    }
    const auto scenario = load_scenario(entry.path(), {});
    EXPECT_TRUE(scenario) << scenario.error().what;
    ++read;
  }
  EXPECT_GE(read, 2u);
}

}  // namespace
}  // namespace earshot::sim
