// Without MPI: one process.
#include <cstdlib>

#include "tools/sim/ranks.h"

namespace earshot::simtool {

Result<Ranks> Ranks::join() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* size = std::getenv(name);
    if (size != nullptr && std::atoi(size) > 1) {
      return fail(ErrorCode::kUnsupported, "started as {} ranks, but built without MPI: configure with -DEARSHOT_MPI=ON", size);
    }
  }
  return Ranks(0, 1, false);
}

Ranks::~Ranks() = default;

Result<void> Ranks::run(const sim::Study& study, sim::Desk& desk, unsigned threads, bool through_the_wire) {
  return sim::run_study(study, desk, threads, through_the_wire);
}

sim::WholeRun Ranks::run_part(const sim::Scenario& scenario, const sim::World& world, const sim::SearchSettings& search, std::uint64_t seed,
                              sim::Simulation::Options options, const sim::CpuTime& cpu_time) {
  return sim::run_on_threads(scenario, world, search, seed, options, /*parts=*/1, cpu_time);
}

Result<void> Ranks::serve(const sim::Study&, bool) { return {}; }

}  // namespace earshot::simtool
