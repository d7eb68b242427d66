// Runs on threads. Each thread takes the next seed; a seed's world is built once for all its searches.
#include "sim/experiment.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/bare.h"
#include "sim/graph_export.h"
#include "sim/partition.h"
#include "sim/table_file.h"
#include "sim/world.h"

namespace earshot::sim {

namespace {

/// What the threads share. `next` hands out seeds; every other element is written by the one thread that has its seed, but
/// `done`, which `progress` guards.
struct SharedSeeds {
  const Scenario& scenario;
  const ExperimentOptions& options;
  ExperimentResult result;
  std::vector<std::optional<Error>> errors;  // by seed
  std::atomic<std::size_t> next = 0;
  std::mutex progress;
  std::size_t done = 0;
};

/// One run among peers: its record and its cost go to `place`.
void run_peers(SharedSeeds& shared, const World& world, const SearchSettings& search, std::uint64_t seed, Duration begun, std::size_t place) {
  const ExperimentOptions& options = shared.options;
  if (options.parts > 1 || options.run_apart) {
    const Simulation::Options whole{.through_the_wire = options.through_the_wire};
    const Duration built = options.cpu_time();
    WholeRun run = options.run_apart ? options.run_apart(shared.scenario, world, search, seed, whole)
                                     : run_on_threads(shared.scenario, world, search, seed, whole, std::min(options.parts, world.peers), options.cpu_time);
    shared.result.costs[place] = {run.cost.setup + built - begun, run.cost.run};
    shared.result.records[place] = std::move(run.record);
    return;
  }
  Simulation simulation(shared.scenario, world, search, seed, {options.through_the_wire, options.observer});
  const Duration built = options.cpu_time();
  for (const Duration moment : options.moments) {
    simulation.run_before(std::min(Instant{} + moment, simulation.end()));
    if (options.look) options.look(simulation, seed, search, moment);
  }
  simulation.run();
  if (options.look) options.look(simulation, seed, search, std::nullopt);
  std::vector<std::uint32_t> degrees = degrees_of(simulation.population());
  shared.result.costs[place] = {built - begun, options.cpu_time() - built};
  shared.result.records[place] = simulation.record();
  shared.result.records[place].degrees = std::move(degrees);
}

/// The same without the protocol's code.
void run_bare(SharedSeeds& shared, const World& world, const SearchSettings& search, std::uint64_t seed, Duration begun, std::size_t place) {
  BareRun bare(shared.scenario, world, search, seed);
  const Duration built = shared.options.cpu_time();
  bare.run();
  shared.result.costs[place] = {built - begun, shared.options.cpu_time() - built};
  shared.result.records[place] = bare.record();
}

std::optional<Error> run_seed(SharedSeeds& shared, std::size_t index) {
  const ExperimentOptions& options = shared.options;
  const std::uint64_t seed = options.seeds.first + index;
  const std::size_t searches = shared.scenario.searches.size();
  Duration begun = options.cpu_time();
  const Result<World> world = build_world(shared.scenario, seed);
  if (!world) return Error(world.error()).in(fmt::format("seed {}", seed));
  for (std::size_t i = 0; i < searches; ++i) {
    const std::size_t place = index * searches + i;
    const auto run_one = shared.scenario.bare ? run_bare : run_peers;
    run_one(shared, *world, shared.scenario.searches[i], seed, begun, place);
    begun = options.cpu_time();
    const std::lock_guard lock(shared.progress);
    options.progress(++shared.done, shared.result.records.size());
  }
  return std::nullopt;
}

void work(SharedSeeds& shared) {
  for (std::size_t index = shared.next++; index < shared.errors.size(); index = shared.next++) {
    shared.errors[index] = run_seed(shared, index);
  }
}

}  // namespace

Result<SeedRange> seeds_from(std::string_view text) {
  const std::size_t dots = text.find("..");
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const bool one = dots == std::string_view::npos;
  if (!parse_number(text.substr(0, dots), first) || !parse_number(one ? text : text.substr(dots + 2), last)) {
    return fail(ErrorCode::kInvalid, "seeds '{}': write one, 7, or a range, 1..8", text);
  }
  if (last < first || last - first >= 1'000'000) {
    return fail(ErrorCode::kInvalid, "seeds '{}': a range goes up and has at most a million", text);
  }
  return SeedRange{first, last};
}

Result<ExperimentResult> run_experiment(const Scenario& scenario, const ExperimentOptions& options) {
  const std::size_t seeds = options.seeds.last - options.seeds.first + 1;
  SharedSeeds shared{scenario, options, {}, std::vector<std::optional<Error>>(seeds), {}, {}, {}};
  shared.result.records.resize(seeds * scenario.searches.size());
  shared.result.costs.resize(shared.result.records.size());
  // With one thread none is started: reference counts are then plain additions, which is worth a fifth of the speed.
  if (options.threads <= 1) {
    work(shared);
  } else {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min<std::size_t>(options.threads, seeds); ++i) {
      threads.emplace_back([&shared] { work(shared); });
    }
  }
  for (std::optional<Error>& error : shared.errors) {
    if (error) return tl::unexpected(std::move(*error));
  }
  return std::move(shared.result);
}

}  // namespace earshot::sim
