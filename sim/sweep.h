// A parameter study: which keys of a scenario take which values, and the points that follow, on a grid or as a Latin hypercube.
//
// In the scenario file:
//   [sweep]
//   "search.ttl" = [3, 4, 5]                          # values, of any key
//   "network.loss" = { from = 0.0, to = 0.3 }         # a range; on a grid it needs steps = 4 (both ends included)
//   latin = 20                                        # so many points instead of the grid
//   until = "success<0.01"                            # stop a point when the half width of this column's 95 % interval is below that
// On the command line: --set search.ttl=3,4,5  --set network.loss=0..0.3  --latin 20  --until "success<0.01".
//
// Rules:
//  1. Points are numbered from 0, the last key turning fastest, as written in nested loops.
//  2. Every point runs with the same seeds, and a seed draws the same graph, libraries and questions wherever the swept keys do not
//     speak of them (streams.h). Rationale: common random numbers; what differs between two points is the doing of the keys.
//  3. Latin hypercube (McKay, Beckman, Conover 1979): with n points each key's range is cut into n slices and each slice is used
//     once; a list of m values has each value n/m times, as nearly as can be. The points do not depend on the seeds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"
#include "sim/scenario.h"

namespace earshot::sim {

struct SweepRange {
  double from = 0;
  double to = 0;
  bool whole = false;  // both ends are whole numbers, so what lies between is rounded
};

struct SweepAxis {
  std::string key;
  std::vector<std::string> values;  // as people write them; empty for a range
  SweepRange range;
};

/// Seeds run in order; a point needs no more of them once each of its searches has an interval that is narrow enough over the first n
/// seeds, n >= kLeastSeeds. Later runs of it are left out of the results even where they happened, so that the results do not depend
/// on how many ran at once.
struct StopRule {
  static constexpr std::size_t kLeastSeeds = 3;
  std::string column;  // of runs.csv
  double below = 0;    // half width of the 95 % interval
};

struct Sweep {
  std::vector<SweepAxis> axes;
  std::uint32_t latin = 0;  // points; 0: the grid
  std::optional<StopRule> until;
};

inline constexpr std::size_t kMostPoints = 10'000;

/// The [sweep] of a scenario file; empty when it has none. Errors: kInvalid, naming file, line and key.
Result<Sweep> parse_sweep(std::string_view text, const std::filesystem::path& path);

/// "key=v1,v2,v3" or "key=from..to"; commas within quotes or brackets belong to the value. Nothing for a single value: that is an
/// override. Errors: kInvalid.
Result<std::optional<SweepAxis>> axis_from(std::string_view text);

/// "success<0.01". Errors: kInvalid.
Result<StopRule> stop_rule_from(std::string_view text);

/// Replaces the axis of the same key, or adds one.
void set_axis(Sweep& sweep, SweepAxis axis);

/// The values of each axis at one point, in the order of the axes.
using SweepPoint = std::vector<std::string>;

/// One empty point when there are no axes. Errors: kInvalid: a range on a grid, or more than kMostPoints.
Result<std::vector<SweepPoint>> points_of(const Sweep& sweep);

}  // namespace earshot::sim
