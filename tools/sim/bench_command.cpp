// earshot-sim bench: what this machine does, one JSON object a row. Rates are per second of processor time, medians of three runs
// on one world; bytes are those of the peers and of what is in flight, at its fullest.
//
//   wheel        the event queue alone, as many events waiting as there are peers
//   flood_full   floods of TTL 7 over a random 8-regular graph, every peer the protocol's real code
//   walk_full    16 walkers of 255 steps over the same graph, the same
//   flood_bare   floods without a limit over the same graph, a bit per peer (sim/bare.h)
//   walk_bare    16 walkers of 255 steps, the same
//   churn        live membership, sessions of a median of 60 minutes, a flood of TTL 4 per peer and 10 minutes: simulated seconds per
//                second, once the first epoch of the size estimates, which runs 15 times as fast, is over; at most 100,000 peers
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schema/random.h"
#include "sim/bare.h"
#include "sim/event_wheel.h"
#include "sim/simulation.h"
#include "sim/world.h"
#include "tools/sim/command.h"

namespace earshot::simtool {

namespace {

constexpr std::size_t kRepetitions = 3;

/// In the order of measuring: the first needs no network, those up to the last one share a graph.
constexpr std::array<std::string_view, 6> kRows = {"wheel", "flood_full", "walk_full", "flood_bare", "walk_bare", "churn"};

using Wanted = std::function<bool(std::string_view row)>;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Middle value of what a few runs give, each its own work in its own time.
double median_of(const std::function<double()>& run) {
  std::array<double, kRepetitions> values{};
  for (double& value : values) value = run();
  std::sort(values.begin(), values.end());
  return values[kRepetitions / 2];
}

Result<sim::Scenario> scenario_of(std::uint32_t peers, const std::string& more) {
  return sim::parse_scenario(fmt::format("version = 1\nname = \"bench\"\npopulation.peers = {}\ncatalog = {{items = 1000, copies = 10}}\n{}", peers, more),
                             "bench", {});
}

Result<sim::Scenario> graph_scenario(std::uint32_t peers, std::uint32_t questions, const std::string& more) {
  return scenario_of(peers, fmt::format("topology = {{kind = \"random_regular\", degree = 8}}\n"
                                        "questions = {{count = {}, interval_ms = 100, time_s = 20}}\n{}", questions, more));
}

void print_row(std::string_view row, std::uint32_t peers, double rate, double bytes, std::string_view more = "") {
  fmt::print("{{\"row\":\"{}\",\"nodes\":{},\"msgs_per_cpu_s\":{:.0f},\"bytes_per_peer\":{:.1f}{}}}\n", row, peers, rate, bytes, more);
  std::fflush(stdout);
}

void wheel_row(std::uint32_t peers) {
  const double rate = median_of([&] {
    sim::EventWheel wheel;
    Random random = Random::stream(1, 0, 0);
    const auto later = [&](Instant now) { return now + 10ms + Duration(static_cast<std::int64_t>(random.below(150'000))); };
    for (std::uint32_t i = 0; i < peers; ++i) wheel.push({later(Instant{}), PeerId{i}, PeerId{i}, 0, 0, 0, sim::EventKind::kTick, 0});
    const double begun = cpu_seconds();
    sim::Event event;
    const std::uint64_t events = std::max<std::uint64_t>(peers, 1'000'000);
    for (std::uint64_t i = 0; i < events && wheel.pop(event); ++i) {
      event.at = later(event.at);
      wheel.push(event);
    }
    return static_cast<double>(events) / (cpu_seconds() - begun);
  });
  fmt::print("{{\"row\":\"wheel\",\"nodes\":{},\"events_per_cpu_s\":{:.0f}}}\n", peers, rate);
}

template <class Run>
void graph_row(std::string_view row, const sim::Scenario& scenario, const sim::World& world, const std::function<std::unique_ptr<Run>()>& make) {
  sim::RunRecord record;
  const double rate = median_of([&] {
    const auto run = make();
    const double begun = cpu_seconds();
    run->run();
    const double seconds = cpu_seconds() - begun;
    record = run->record();
    return static_cast<double>(record.messages) / seconds;
  });
  double reached = 0;
  for (const sim::QueryTrack& query : record.queries) reached += query.reached;
  print_row(row, world.peers, rate, static_cast<double>(record.population_bytes) / world.peers,
            fmt::format(",\"flight_bytes\":{},\"messages\":{},\"reach\":{:.0f},\"seen_slots\":{}", record.flight_bytes, record.messages,
                        reached / static_cast<double>(record.queries.size()), scenario.bare ? 0 : scenario.seen_slots));
}

Result<int> graph_rows(std::uint32_t peers, std::uint32_t seen_slots, const Wanted& is_wanted) {
  // Some ten million messages a run, as far as one question does not make more.
  const std::uint32_t floods = std::clamp(10'000'000 / peers, 1u, 1'000u);
  const std::string full = fmt::format("population.seen_slots = {}\n", seen_slots);
  const auto flood = graph_scenario(peers, floods, full + "search = [{strategy = \"flood\", ttl = 7}]\n");
  const auto walk = graph_scenario(peers, 1'000, full + "search = [{strategy = \"walk\", walkers = 16, ttl = 255}]\n");
  const auto bare_flood = graph_scenario(peers, std::max(floods / 4, 1u), "population.bare = true\nsearch = [{strategy = \"flood\", ttl = 255}]\n");
  const auto bare_walk = graph_scenario(peers, 2'560, "population.bare = true\nsearch = [{strategy = \"walk\", walkers = 16, ttl = 255}]\n");
  for (const auto* scenario : {&flood, &walk, &bare_flood, &bare_walk}) {
    if (!*scenario) return tl::unexpected(scenario->error());
  }
  // One graph for all; the questions differ in number only.
  Result<sim::World> world = sim::build_world(*bare_walk, 1);
  if (!world) return tl::unexpected(world.error());
  const std::vector<sim::Question> questions = world->questions;
  const auto full_row = [&](std::string_view row, const sim::Scenario& scenario) {
    if (!is_wanted(row)) return;
    world->questions.assign(questions.begin(), questions.begin() + scenario.workload.questions);
    graph_row<sim::Simulation>(row, scenario, *world, [&] {
      return std::make_unique<sim::Simulation>(scenario, *world, scenario.searches[0], 1, sim::Simulation::Options());
    });
  };
  const auto bare_row = [&](std::string_view row, const sim::Scenario& scenario) {
    if (!is_wanted(row)) return;
    world->questions.assign(questions.begin(), questions.begin() + scenario.workload.questions);
    graph_row<sim::BareRun>(row, scenario, *world, [&] { return std::make_unique<sim::BareRun>(scenario, *world, scenario.searches[0], 1); });
  };
  full_row("flood_full", *flood);
  full_row("walk_full", *walk);
  bare_row("flood_bare", *bare_flood);
  bare_row("walk_bare", *bare_walk);
  return kDone;
}

Result<int> churn_row(std::uint32_t peers) {
  const auto scenario = scenario_of(peers, R"(topology = {kind = "membership", join_interval_us = 100, settle_s = 75}
questions = {each_s = 600, span_s = 60, arrivals = "poisson", time_s = 5}
churn = {session = {law = "exponential", median_s = 3600}, library = "new", away = {law = "constant", median_s = 0}}
search = [{strategy = "flood", ttl = 4}]
)");
  if (!scenario) return tl::unexpected(scenario.error());
  const auto world = sim::build_world(*scenario, 1);
  if (!world) return tl::unexpected(world.error());
  sim::Simulation simulation(*scenario, *world, scenario->searches[0], 1, {});
  simulation.run_before(world->questions.front().at);
  const std::uint64_t messages = simulation.tally().messages;
  const double begun = cpu_seconds();
  simulation.run();
  const double seconds = cpu_seconds() - begun;
  const double simulated = static_cast<double>((simulation.end() - world->questions.front().at).count()) / 1e6;
  const sim::RunRecord record = simulation.record();
  print_row("churn", peers, static_cast<double>(record.messages - messages) / seconds, static_cast<double>(record.population_bytes) / peers,
            fmt::format(",\"simulated_s_per_cpu_s\":{:.1f}", simulated / seconds));
  return kDone;
}

}  // namespace

Command bench_command() {
  struct Flags {
    std::uint32_t nodes = 1'000'000;
    std::uint32_t seen_slots = 64;
    std::vector<std::string> rows;
  };
  const auto flags = std::make_shared<Flags>();
  return {"bench", "Measure what this machine simulates, one JSON object a row",
          [flags](Arguments& arguments) {
            arguments.number("--nodes", flags->nodes, 1'000, 100'000'000, "Number of peers");
            arguments.number("--seen-slots", flags->seen_slots, 8, 65'536, "Queries that each peer remembers, a multiple of 8");
            arguments.repeated("--row", flags->rows, "This row only (repeatable)");
          },
          [flags]() -> Result<int> {
            for (const std::string& row : flags->rows) {
              if (std::find(kRows.begin(), kRows.end(), row) != kRows.end()) continue;
              return fail(ErrorCode::kInvalid, "--row {}: the rows are {}", row, fmt::join(kRows, ", "));
            }
            const Wanted is_wanted = [flags](std::string_view row) {
              return flags->rows.empty() || std::find(flags->rows.begin(), flags->rows.end(), row) != flags->rows.end();
            };
            if (is_wanted("wheel")) wheel_row(flags->nodes);
            if (std::any_of(kRows.begin() + 1, kRows.begin() + 5, is_wanted)) {
              if (const auto done = graph_rows(flags->nodes, flags->seen_slots, is_wanted); !done) return done;
            }
            if (is_wanted("churn")) {
              if (const auto done = churn_row(std::min(flags->nodes, 100'000u)); !done) return done;
            }
            return kDone;
          }};
}

}  // namespace earshot::simtool
