// Many runs: every seed with every search of a scenario, on as many threads as wished, with results that do not depend on how
// many there were.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "sim/partition.h"
#include "sim/results.h"
#include "sim/scenario.h"
#include "sim/simulation.h"
#include "sim/world.h"

namespace earshot::sim {

/// Seeds first..last, both included.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

/// "3" or "1..8". Errors: kInvalid, saying what is expected.
Result<SeedRange> seeds_from(std::string_view text);

struct ExperimentOptions {
  SeedRange seeds;
  unsigned threads = 1;
  bool through_the_wire = false;
  /// Threads of each run, on which its peers are shared out; nobody looks on then.
  std::uint32_t parts = 1;
  /// Where other processes have parts of each run: runs ours. The record is whole at one of them, and nobody looks on.
  std::function<WholeRun(const Scenario&, const World&, const SearchSettings&, std::uint64_t seed, Simulation::Options)> run_apart;
  /// Shown each run at these times, ascending, and at its end; on the thread of the run, so with more than one thread it must bear that.
  std::vector<Duration> moments;
  std::function<void(const Simulation&, std::uint64_t seed, const SearchSettings&, std::optional<Duration> moment)> look;
  Observer* observer = nullptr;  // of the only run
  /// Processor time of the calling thread; the simulation itself knows no clock but the simulated one.
  CpuTime cpu_time = [] { return Duration(); };
  /// Called as runs end, in no particular order, one call at a time.
  std::function<void(std::size_t done, std::size_t all)> progress = [](std::size_t, std::size_t) {};
};

struct ExperimentResult {
  std::vector<RunRecord> records;  // by seed, then in the order of the scenario's searches
  std::vector<RunCost> costs;      // of the same runs
};

/// Errors: those of build_world, naming the seed; the first by seed.
Result<ExperimentResult> run_experiment(const Scenario& scenario, const ExperimentOptions& options);

}  // namespace earshot::sim
