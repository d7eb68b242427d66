// The report of a study: one HTML page that needs no network and no script, and its figures as files.
//
// Which figures follow from what was swept. A key with numbers is the x axis, the first of those with the most values; the other keys
// and the searches are the curves. Points of a Latin hypercube are scattered over each key. Without swept keys the searches stand side
// by side. Every mean is over the seeds, with its 95 % interval by Student's t.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/result.h"
#include "sim/graph_export.h"
#include "sim/table.h"

namespace earshot::sim {

struct ReportSource {
  std::string program, compiler, command, scenario, scenario_file;
  std::vector<std::pair<std::string, std::string>> overrides;
  std::vector<std::string> keys;      // that were swept
  bool scattered = false;             // a Latin hypercube
  Table runs, series, histograms, probes;
  std::optional<OverlayGraph> overlay;
};

struct Report {
  std::string html;
  std::vector<std::pair<std::string, std::string>> figures;  // file name, SVG
};

/// Errors: kInvalid: there are no runs, or a column is missing.
Result<Report> report_on(const ReportSource& source);

}  // namespace earshot::sim
