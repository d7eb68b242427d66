// What says which study is meant: scenario, overrides, swept keys, seeds. Shared by the commands that run one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/result.h"
#include "sim/study.h"
#include "tools/sim/command.h"

namespace earshot::simtool {

/// Everything that a study follows from; kept in its manifest.
struct StudyPlan {
  std::string path;   // of the scenario, as given
  std::string text;   // of the scenario
  std::vector<sim::Override> overrides;
  sim::Sweep sweep;
  sim::SeedRange seeds;
  std::string command;  // to do it again

  Result<sim::Study> study() const { return sim::plan_study(text, path, sweep, overrides, seeds); }
};

struct StudyFlags {
  std::string scenario;
  std::optional<std::uint32_t> nodes;
  std::string seeds = "1";
  std::vector<std::string> set;
  // A sweep's own.
  std::uint32_t latin = 0;
  std::string until;

  void declare(Arguments& arguments);
  void declare_sweep(Arguments& arguments);

  /// A single run: the scenario's [sweep] is left aside, and --set takes one value each. Errors: those of files and flags.
  Result<StudyPlan> plan_run() const;
  Result<StudyPlan> plan_sweep() const;

 private:
  Result<StudyPlan> plan(bool sweeps) const;
};

}  // namespace earshot::simtool
