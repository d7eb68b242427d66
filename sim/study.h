// A study: the points of a sweep, each with its scenario, times the seeds; and the tables that come of it. One (point, seed) pair is
// one piece of work, done by any thread, process or machine: its rows depend on nothing else.
//
// Tables, all CSV with a header line (RFC 4180), one line in pandas or R: pd.read_csv("runs.csv"), read.csv("runs.csv"):
//   runs.csv        one row a run: results.h         series.csv, histograms.csv, probes.csv   distributions.h
// In a study with swept keys each row begins with `point` and a column for each key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/result.h"
#include "sim/experiment.h"
#include "sim/scenario.h"
#include "sim/sweep.h"

namespace earshot::sim {

struct Study {
  std::vector<SweepAxis> axes;
  std::vector<SweepPoint> points;
  std::vector<Scenario> scenarios;  // one a point
  SeedRange seeds;
  std::optional<StopRule> until;
  /// The same for the same scenario text, overrides and points; seeds do not count, so that more of them can follow.
  std::uint64_t fingerprint = 0;
};

/// Plans the study of a scenario's text. `path` is for messages and for files named in it. Errors: kInvalid.
Result<Study> plan_study(std::string_view text, const std::filesystem::path& path, const Sweep& sweep,
                         const std::vector<Override>& overrides, SeedRange seeds);

struct Pair {
  std::uint32_t point = 0;
  std::uint64_t seed = 0;
  auto operator<=>(const Pair&) const = default;
};

/// Rows of the four tables, without line ends.
struct PairRows {
  std::vector<std::string> runs, series, histograms, probes;
  bool operator==(const PairRows&) const = default;
};

struct StudyTables {
  std::string runs, series, histograms, probes;
};

/// Header lines of the tables of a study.
StudyTables headers(const Study& study);

/// The rows of the runs of one pair: `records` are those of its searches.
PairRows rows_of(const Study& study, const Pair& pair, std::span<const RunRecord> records);

/// Runs one pair. Errors: those of build_world, naming point and seed.
Result<PairRows> run_pair(const Study& study, const Pair& pair, bool through_the_wire);

void append(StudyTables& tables, const PairRows& rows);

}  // namespace earshot::sim
