// Drawing faults, and judging what is left when they are over.
#include "sim/soak.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "schema/check.h"
#include "sim/census.h"
#include "sim/invariants.h"
#include "sim/streams.h"
#include "sim/world.h"

namespace earshot::sim {

namespace {

/// Whole numbers and times between two bounds, both included.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(stream(seed, 0, Purpose::kSoak)) {}

  std::uint32_t number(std::uint32_t least, std::uint32_t most) { return least + static_cast<std::uint32_t>(random_.below(most - least + 1)); }
  Duration time(Duration least, Duration most) {
    return least + Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  bool chance(std::uint32_t percent) { return random_.chance(percent, 100); }

 private:
  Random random_;
};

void draw_network(Dice& dice, NetworkSettings& network) {
  constexpr LatencyLaw kLaws[] = {LatencyLaw::kConstant, LatencyLaw::kUniform, LatencyLaw::kLogNormal, LatencyLaw::kCoordinates};
  network.law = kLaws[dice.number(0, 3)];
  network.median = dice.time(5ms, 200ms);
  network.min = dice.time(1ms, 20ms);
  network.max = network.law == LatencyLaw::kLogNormal ? Duration(2s) : dice.time(20ms, 400ms);
  network.per = dice.chance(30) ? LatencyPer::kMessage : LatencyPer::kLink;
  network.loss_per_million = dice.chance(70) ? dice.number(0, 300'000) : 0;
  network.duplicates_per_million = dice.chance(60) ? dice.number(0, 100'000) : 0;
  network.jitter = dice.chance(60) ? dice.time(0ms, 500ms) : Duration::zero();
  network.faults_until = kSoakFaults;
  network.lost_after = dice.time(0ms, 3s);
}

void draw_faults(Dice& dice, Scenario& scenario) {
  for (std::uint32_t i = dice.number(0, 2); i > 0; --i) {
    const Duration at = dice.time(0s, kSoakFaults - 10s);
    scenario.partitions.push_back({at, dice.time(at + 1s, kSoakFaults), dice.number(50'000, 500'000)});
  }
  for (std::uint32_t i = dice.number(0, 2); i > 0; --i) {
    const Duration back = dice.time(1s, 30s);  // contacts that are gone for good would leave who knows nobody else alone
    scenario.crashes.push_back({dice.time(0s, kSoakFaults - 10s), dice.number(20'000, 400'000), back});
  }
  for (std::uint32_t i = dice.number(0, 2); i > 0; --i) {
    scenario.clock_steps.push_back({dice.time(0s, kSoakFaults), dice.number(50'000, 1'000'000), dice.time(1ms, 2h)});
  }
  if (dice.chance(40)) {
    ChurnSettings churn;
    churn.session.kind = dice.chance(50) ? DurationKind::kExponential : DurationKind::kWeibull;
    churn.session.median = dice.time(20s, 120s);
    churn.session.shape = kFixedOne / 2;
    churn.away.median = dice.time(0s, 10s);
    churn.until = kSoakFaults;
    churn.graceful_per_million = dice.number(0, 1'000'000);
    churn.library = dice.chance(50) ? LibraryChange::kNew : LibraryChange::kSame;
    scenario.churn = churn;
  }
  for (std::uint32_t i = dice.number(0, 2); i > 0; --i) {
    AttackerSettings attacker;
    attacker.kind = static_cast<AttackerKind>(dice.number(0, 5));
    attacker.per_million = dice.number(10'000, 100'000);
    attacker.until = kSoakFaults;
    attacker.period = dice.time(1s, 10s);
    scenario.attackers.push_back(attacker);
  }
}

/// Links of the living, and those of them that only one end knows: whose they are, and to whom.
struct Links {
  std::size_t all = 0;
  std::set<std::pair<PeerId, PeerId>> one_sided;
};

Links links_of(const Population& population, const Lives& lives) {
  Links links;
  for (const PeerId peer : lives.all()) {
    for (const PeerId neighbor : population.seat(peer).peer.neighbors()) {
      ++links.all;
      if (lives.alive(neighbor)) {
        const std::span<const PeerId> back = population.seat(neighbor).peer.neighbors();
        if (std::find(back.begin(), back.end(), peer) != back.end()) continue;
      }
      links.one_sided.emplace(peer, neighbor);
    }
  }
  return links;
}

/// Share of the links that are one-sided in both looks.
double stuck(const Links& before, const Links& now) {
  const auto still = std::count_if(now.one_sided.begin(), now.one_sided.end(), [&](const auto& link) { return before.one_sided.contains(link); });
  return now.all > 0 ? static_cast<double>(still) / static_cast<double>(now.all) : 0;
}

// Rewiring is always under way somewhere, and more of it than 5 % in two of a thousand seeds. But a link that stays one-sided heals when
// its owner shuffles over it, which he does every active_size periods: 20 s at the most.
constexpr Duration kHealing = 40s;
constexpr double kStuck = 0.02;
constexpr double kNearlyAll = 0.9;    // of the peers and of the copies
constexpr double kOfSteps = 0.6;      // of all walkers: one that meets a link which is being rewired ends there

std::optional<std::string> judged(const Scenario& scenario, const World& world, const Simulation& simulation, const Links& before, RunRecord record) {
  if (record.largest_component != record.alive) {
    std::string alone;
    for (const PeerId peer : simulation.lives().all()) {
      if (simulation.population().seat(peer).peer.neighbors().empty()) alone += fmt::format(" {}", to_number(peer));
    }
    return fmt::format("after the healing {} of {} peers hang together; with no neighbour:{}", record.largest_component, record.alive,
                       alone.empty() ? " nobody" : alone);
  }
  const double alone = stuck(before, links_of(simulation.population(), simulation.lives()));
  if (alone > kStuck) return fmt::format("after the healing {:.0f} % of the links are known to one end only, for {} s", 100 * alone, kHealing / 1s);
  const Instant work = world.ready + kSoakFaults + kSoakRepair;
  const auto peers = static_cast<double>(record.alive) - 1;
  double taken = 0;
  double wanted = 0;
  for (const QueryTrack& query : record.queries) {
    if (query.asked < work) continue;
    if (scenario.searches[0].strategy == StrategyKind::kWalk) {
      taken += static_cast<double>(query.copies);
      wanted += std::uint32_t{scenario.searches[0].walkers} * scenario.searches[0].ttl;
      continue;
    }
    if (query.reached < kNearlyAll * peers) return fmt::format("after the healing question {} reached {} of {} others", query.question, query.reached, peers);
    if (query.hits < kNearlyAll * query.available) {
      return fmt::format("after the healing question {} found {} of {} copies", query.question, query.hits, query.available);
    }
  }
  if (taken < kOfSteps * wanted) return fmt::format("after the healing walkers took {} of {} steps", taken, wanted);
  return std::nullopt;
}

}  // namespace

Scenario soak_scenario(std::uint64_t seed) {
  Dice dice(seed);
  Scenario scenario;
  scenario.name = "soak";
  scenario.peers = dice.number(16, 48);
  scenario.seen_slots = 4096;  // nothing is forgotten for lack of room, so twice is twice
  scenario.topology.kind = TopologyKind::kMembership;
  scenario.topology.join_interval = dice.chance(50) ? dice.time(0ms, 1ms) : dice.time(1ms, 200ms);
  scenario.topology.contacts = dice.number(2, 4);
  // Faster than in use, so that what takes twenty minutes there takes four here: islands find each other by rewiring.
  scenario.protocol.shuffle_period = dice.time(2s, 4s);
  scenario.topology.settle = dice.time(1s, 10s);
  draw_network(dice, scenario.network);
  draw_faults(dice, scenario);
  scenario.catalog.items = 20;
  scenario.catalog.copies = dice.number(2, 10);
  scenario.workload.interval = 7s;
  scenario.workload.questions = static_cast<std::uint32_t>((kSoakFaults + kSoakRepair + kSoakWork) / scenario.workload.interval);
  const bool flood = dice.chance(70);
  SearchSettings search;
  search.name = flood ? "flood" : "walk";
  search.strategy = flood ? StrategyKind::kFlood : StrategyKind::kWalk;
  search.ttl = flood ? limits::kMaxFloodTtl : 20;
  search.walkers = flood ? 0 : 4;
  scenario.workload.time = flood ? 10s : 40s;  // the longest link takes 2 s
  scenario.searches.push_back(search);
  scenario.probe.every = 5s;
  return scenario;
}

SoakResult soak(std::uint64_t seed) {
  const Scenario scenario = soak_scenario(seed);
  const Result<World> world = build_world(scenario, seed);
  EARSHOT_CHECK(world);
  const Roles roles(scenario.classes, scenario.attackers, seed);
  Invariants invariants(scenario, roles, world->ready + kSoakFaults + kSoakRepair / 2);
  Simulation simulation(scenario, *world, scenario.searches[0], seed, {.observer = &invariants});
  simulation.run_before(simulation.end() - kHealing);
  const Links before = links_of(simulation.population(), simulation.lives());
  simulation.run();
  invariants.check_closed(simulation.now(), simulation.lives());
  SoakResult result{seed, simulation.tally().events, invariants.violation()};
  const std::size_t waiting = simulation.flight().live_tracks();
  RunRecord record = simulation.record();
  if (!result.violation) result.violation = judged(scenario, *world, simulation, before, std::move(record));
  if (!result.violation && waiting > 1) result.violation = fmt::format("{} queries are in flight that nobody waits for", waiting);
  return result;
}

}  // namespace earshot::sim
