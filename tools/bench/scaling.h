// What a larger index would be like, told from runs over smaller ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct ScalingOptions {
  std::filesystem::path runs;           // lines of earshot-bench index, or of the peers' drivers, of one engine
  std::uint64_t tracks = 100'000'000;  // to be told about
};

/// One JSON line. For each figure that all runs have: the power law figure = factor x tracks^exponent that fits their
/// logarithms best (least squares), how well (r2), and what it says of `tracks`. Errors: kNotFound, kDisk, kInvalid for
/// a line that is no run, or for runs of fewer than two sizes.
Result<std::string> run_scaling(const ScalingOptions& options);

}  // namespace earshot::bench
