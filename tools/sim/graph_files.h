// The overlay of one run as files beside its tables: at its end, and at moments asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "sim/scenario.h"
#include "sim/simulation.h"

namespace earshot::simtool {

/// "0,12.5,60": seconds into the run, ascending. Errors: kInvalid.
Result<std::vector<Duration>> moments_from(const std::string& text);

class GraphFiles {
 public:
  /// Of this seed with this search. `large`: also of networks that nobody could draw.
  GraphFiles(std::filesystem::path folder, std::uint64_t seed, std::string search, bool large)
      : folder_(std::move(folder)), seed_(seed), search_(std::move(search)), large_(large) {}

  /// overlay.graphml and overlay.tsv at the end, overlay-12.5s.graphml and .tsv at a moment. For ExperimentOptions::look.
  void look(const sim::Simulation& simulation, std::uint64_t seed, const sim::SearchSettings& search, std::optional<Duration> moment);

  /// The first error.
  Result<void> written() const { return written_; }

 private:
  std::filesystem::path folder_;
  std::uint64_t seed_;
  std::string search_;
  bool large_;
  Result<void> written_;
};

}  // namespace earshot::simtool
