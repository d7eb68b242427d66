// Planning, and rows.
#include "sim/study.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/bytes.h"
#include "schema/random.h"
#include "sim/distributions.h"

namespace earshot::sim {

namespace {

/// RFC 4180: quoted where a comma, a quote or a line end stands in it.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

std::string point_cells(const Study& study, std::uint32_t point) {
  if (study.axes.empty()) return "";
  std::string cells = fmt::format("{},", point);
  for (const std::string& value : study.points[point]) cells += csv_cell(value) + ',';
  return cells;
}

std::string point_name(const Study& study, std::uint32_t point) {
  std::string name;
  for (std::size_t i = 0; i < study.axes.size(); ++i) {
    name += fmt::format("{}{}={}", i == 0 ? "" : " ", study.axes[i].key, study.points[point][i]);
  }
  return name;
}

std::uint64_t fingerprint_of(std::string_view text, const Study& study, const std::vector<Override>& overrides) {
  std::string all(text);
  for (const auto& [key, value] : overrides) all += fmt::format("\n{}={}", key, value);
  for (const SweepAxis& axis : study.axes) all += '\n' + axis.key;
  for (const SweepPoint& point : study.points) {
    for (const std::string& value : point) all += '\n' + value;
  }
  return siphash(SipKey{1, 1}, as_bytes(all));
}

void append_lines(std::string& table, const std::vector<std::string>& rows) {
  for (const std::string& row : rows) table += row + '\n';
}

}  // namespace

Result<Study> plan_study(std::string_view text, const std::filesystem::path& path, const Sweep& sweep,
                         const std::vector<Override>& overrides, SeedRange seeds) {
  auto points = points_of(sweep);
  if (!points) return tl::unexpected(points.error());
  Study study{sweep.axes, std::move(*points), {}, seeds, sweep.until, 0};
  for (std::uint32_t i = 0; i < study.points.size(); ++i) {
    std::vector<Override> all = overrides;
    for (std::size_t axis = 0; axis < study.axes.size(); ++axis) all.emplace_back(study.axes[axis].key, study.points[i][axis]);
    auto scenario = parse_scenario(text, path, all);
    if (!scenario) return tl::unexpected(scenario.error());
    study.scenarios.push_back(std::move(*scenario));
  }
  if (study.until) {
    const std::string columns = ',' + csv_header();
    if (columns.find(',' + study.until->column + ',') == std::string::npos) {
      return fail(ErrorCode::kInvalid, "until: runs have no column '{}'; there are {}", study.until->column, csv_header());
    }
  }
  study.fingerprint = fingerprint_of(text, study, overrides);
  return study;
}

StudyTables headers(const Study& study) {
  std::string before = study.axes.empty() ? "" : "point,";
  for (const SweepAxis& axis : study.axes) before += csv_cell(axis.key) + ',';
  return {before + csv_header(), fmt::format("{}search,seed,{}\n", before, kSeriesColumns),
          fmt::format("{}search,seed,{}\n", before, kHistogramColumns), fmt::format("{}search,seed,{}\n", before, kProbeColumns)};
}

PairRows rows_of(const Study& study, const Pair& pair, std::span<const RunRecord> records) {
  const std::string before = point_cells(study, pair.point);
  PairRows rows;
  for (const RunRecord& record : records) {
    std::string line = before + csv_line(row_of(study.scenarios[pair.point].name, record));
    line.pop_back();
    rows.runs.push_back(std::move(line));
    const std::string which = fmt::format("{}{},{},", before, record.search, record.seed);
    for (const std::string& row : series_rows(record)) rows.series.push_back(which + row);
    for (const std::string& row : histogram_rows(record)) rows.histograms.push_back(which + row);
    for (const std::string& row : probe_rows(record)) rows.probes.push_back(which + row);
  }
  return rows;
}

Result<PairRows> run_pair(const Study& study, const Pair& pair, bool through_the_wire) {
  ExperimentOptions options;
  options.seeds = {pair.seed, pair.seed};
  options.through_the_wire = through_the_wire;
  const auto result = run_experiment(study.scenarios[pair.point], options);
  if (!result) return study.axes.empty() ? tl::unexpected(result.error()) : fail_in(point_name(study, pair.point), result.error());
  return rows_of(study, pair, result->records);
}

void append(StudyTables& tables, const PairRows& rows) {
  append_lines(tables.runs, rows.runs);
  append_lines(tables.series, rows.series);
  append_lines(tables.histograms, rows.histograms);
  append_lines(tables.probes, rows.probes);
}

}  // namespace earshot::sim
