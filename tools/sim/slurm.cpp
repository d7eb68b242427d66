// The script.
#include "tools/sim/slurm.h"

#include <fmt/format.h>

namespace earshot::simtool {

std::string slurm_script(const std::string& command, const std::string& out, std::uint32_t tasks, std::uint32_t threads) {
  return fmt::format(R"(#!/bin/bash
# A sweep in {0} tasks. Submit, and join when the array has ended; submitting again resumes what was lost.
#   job=$(sbatch --parsable sweep.sh)
#   sbatch --dependency=afterok:$job --wrap "earshot-sim merge {1}/chunk-* --out {1}"
#SBATCH --job-name=earshot-sim
#SBATCH --array=0-{2}
#SBATCH --cpus-per-task={3}
#SBATCH --output=earshot-sim-%A_%a.log
set -euo pipefail
{4} --threads {3} --chunk "$SLURM_ARRAY_TASK_ID/{0}" --out "{1}/chunk-$SLURM_ARRAY_TASK_ID"
)",
                     tasks, out, tasks - 1, threads, command);
}

}  // namespace earshot::simtool
