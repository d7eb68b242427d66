// A job array for clusters: the text of a script that does a sweep in so many tasks, and joins them.
#pragma once

#include <cstdint>
#include <string>

namespace earshot::simtool {

/// `command` is the sweep without --out; `out` its folder, shared by the machines.
std::string slurm_script(const std::string& command, const std::string& out, std::uint32_t tasks, std::uint32_t threads);

}  // namespace earshot::simtool
