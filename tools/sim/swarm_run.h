// earshot-sim run of a scenario with a [swarm]: a table for people, a JSON object a seed for scripts.
#pragma once

#include "schema/result.h"
#include "sim/experiment.h"
#include "sim/swarm_scenario.h"

namespace earshot::simtool {

Result<int> run_swarm_seeds(const sim::SwarmScenario& scenario, const sim::SeedRange& seeds, bool json);

}  // namespace earshot::simtool
