// Which figures a report has, and the numbers in them.
#pragma once

#include <string>
#include <vector>

#include "schema/result.h"
#include "sim/figure.h"
#include "sim/report.h"
#include "sim/statistics.h"

namespace earshot::sim {

/// The runs of one point with one search: what a mean is taken over.
struct RunGroup {
  std::vector<std::string> values;  // of the swept keys
  std::string search;
  std::vector<std::size_t> rows;    // of runs.csv
};

/// A column of runs.csv as people read it.
struct Metric {
  std::string_view column, name, caption;
  bool percent = false;
};
const std::vector<Metric>& report_metrics();

/// Everything that figures and tables need, in the order of runs.csv.
class ReportData {
 public:
  /// Errors: kInvalid.
  static Result<ReportData> from(const ReportSource& source);

  const ReportSource& source() const { return *source_; }
  const std::vector<RunGroup>& groups() const { return groups_; }
  bool has_searches() const { return searches_ > 1; }
  /// "square_root, walk": all that tells a group from the others, but for the key number `without`.
  std::string name_of(const RunGroup& group, std::size_t without = SIZE_MAX) const;
  Interval interval(const RunGroup& group, std::string_view column) const;
  /// Whether the column says the same of every run.
  bool is_constant(std::string_view column) const;
  std::size_t seeds() const;

 private:
  const ReportSource* source_ = nullptr;
  std::vector<RunGroup> groups_;
  std::size_t searches_ = 0;
};

/// Curves of every metric that differs, what success costs, distributions, and how it went over time.
struct ReportFigures {
  std::vector<Figure> curves, distributions, over_time;
};
ReportFigures figures_of(const ReportData& data);

}  // namespace earshot::sim
