// Pairing, testing, and the table.
#include "sim/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/figure.h"

namespace earshot::sim {

namespace {

/// What counts, and which way is better: 1 more, -1 less, 0 neither.
struct Judged {
  std::string_view column;
  int better;
};
constexpr Judged kJudged[] = {
    {"success", 1},   {"recall", 1},       {"reach", 0},         {"messages", -1}, {"hit_messages", 0}, {"duplicates", -1}, {"depth", 0},
    {"first_hops", 0}, {"first_ms", -1},   {"first_p95_ms", -1}, {"upkeep", -1},   {"degree", 0},        {"component", 1},   {"bytes_per_peer", 0},
    {"lost", 0},
};

/// The runs of one point and search, by seed.
using Runs = std::map<std::string, std::size_t>;

struct Grouped {
  std::vector<std::string> order;  // of first appearance
  std::map<std::string, Runs> points;
};

Result<Grouped> grouped(const Table& table, const std::vector<std::string>& keys) {
  std::vector<std::pair<std::string, std::size_t>> columns;
  for (const std::string& key : keys) {
    const auto column = table.column(key);
    if (!column) return fail(ErrorCode::kInvalid, "there is no column '{}' to pair by", key);
    columns.emplace_back(key, *column);
  }
  const auto search = table.column("search"), seed = table.column("seed");
  if (!search || !seed) return fail(ErrorCode::kInvalid, "this is no runs.csv: it has no columns search and seed");
  Grouped grouped;
  for (std::size_t row = 0; row < table.size(); ++row) {
    std::string name;
    for (const auto& [key, column] : columns) name += fmt::format("{}={} ", key, table.text(row, column));
    name += table.text(row, *search);
    if (!grouped.points.contains(name)) grouped.order.push_back(name);
    grouped.points[name][table.text(row, *seed)] = row;
  }
  return grouped;
}

Comparison compared(const Table& first, const Table& second, const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                    const std::string& point, std::string_view column, PairedTest test) {
  Comparison row{point, std::string(column), pairs.size(), 0, 0, {}, 1, Verdict::kSame};
  const std::size_t in_first = *first.column(column), in_second = *second.column(column);
  std::vector<double> differences;
  for (const auto& [a, b] : pairs) {
    row.first += first.number(a, in_first) / static_cast<double>(pairs.size());
    row.second += second.number(b, in_second) / static_cast<double>(pairs.size());
    differences.push_back(second.number(b, in_second) - first.number(a, in_first));
  }
  row.difference = mean_interval(differences);
  const bool all_alike = std::all_of(differences.begin(), differences.end(), [&](double one) { return one == differences[0]; });
  if (all_alike) {
    row.probability = differences[0] == 0 ? 1 : 0;
  } else {
    row.probability = test == PairedTest::kStudent ? paired_t_probability(differences) : wilcoxon_probability(differences);
  }
  const bool is_same = all_alike && differences[0] == 0;
  row.verdict = is_same ? Verdict::kSame : Verdict::kChance;
  return row;
}

/// Holm: the smallest of m probabilities times m, the next times m - 1, and never less than the one before.
void correct(std::vector<Comparison>& rows) {
  std::vector<Comparison*> order;
  for (Comparison& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->probability < b->probability; });
  double before = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    before = std::max(before, std::min(1.0, order[i]->probability * static_cast<double>(order.size() - i)));
    order[i]->probability = before;
  }
}

Verdict judged(const Comparison& row, const CompareOptions& options) {
  if (row.probability >= options.level) return Verdict::kChance;
  const auto found = std::find_if(std::begin(kJudged), std::end(kJudged), [&](const Judged& one) { return one.column == row.column; });
  const double change = row.difference.mean * found->better;
  if (change > 0) return Verdict::kBetter;
  return change < 0 && -change > options.tolerance * std::abs(row.first) ? Verdict::kWorse : Verdict::kChanged;
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame: return "same";
    case Verdict::kChance: return "may be chance";
    case Verdict::kChanged: return "changed";
    case Verdict::kBetter: return "better";
    case Verdict::kWorse: return "WORSE";
  }
  return "";
}

}  // namespace

bool CompareResult::has_regression() const {
  return std::any_of(rows.begin(), rows.end(), [](const Comparison& row) { return row.verdict == Verdict::kWorse; });
}

Result<CompareResult> compare(const Table& first, const Table& second, const CompareOptions& options) {
  const auto ours = grouped(first, options.keys);
  if (!ours) return fail_in("first", ours.error());
  const auto theirs = grouped(second, options.keys);
  if (!theirs) return fail_in("second", theirs.error());
  CompareResult result;
  const auto hash_first = first.column("event_hash"), hash_second = second.column("event_hash");
  for (const std::string& point : ours->order) {
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    const auto other = theirs->points.find(point);
    for (const auto& [seed, row] : ours->points.at(point)) {
      if (other == theirs->points.end() || !other->second.contains(seed)) continue;
      pairs.emplace_back(row, other->second.at(seed));
      if (hash_first && hash_second) result.identical += first.text(row, *hash_first) == second.text(pairs.back().second, *hash_second) ? 1 : 0;
    }
    if (pairs.empty()) continue;
    result.pairs += pairs.size();
    for (const Judged& judged_column : kJudged) {
      if (!first.column(judged_column.column) || !second.column(judged_column.column)) continue;
      Comparison row = compared(first, second, pairs, point, judged_column.column, options.test);
      if (row.verdict != Verdict::kSame) result.rows.push_back(std::move(row));
    }
  }
  if (result.pairs == 0) return fail(ErrorCode::kInvalid, "no run of one has a counterpart in the other: same searches, swept keys and seeds");
  result.unpaired = first.size() + second.size() - 2 * result.pairs;
  correct(result.rows);
  for (Comparison& row : result.rows) row.verdict = judged(row, options);
  return result;
}

std::string comparison_table(const CompareResult& result, const CompareOptions& options, bool all) {
  std::string text = fmt::format("{} pairs of runs, {} of them event for event the same", result.pairs, result.identical);
  if (result.unpaired > 0) text += fmt::format("; {} runs without a counterpart", result.unpaired);
  if (result.rows.empty()) return text + "\nno column differs\n";
  text += fmt::format("\n{}, {} % for all rows together (Holm); difference with its 95 % interval by t\n",
                      options.test == PairedTest::kStudent ? "Student's paired t" : "Wilcoxon's signed ranks", short_number(options.level * 100));
  std::vector<const Comparison*> shown;
  std::size_t width = 5;
  for (const Comparison& row : result.rows) {
    if (!all && row.verdict == Verdict::kChance) continue;
    shown.push_back(&row);
    width = std::max(width, row.point.size());
  }
  const std::size_t hidden = result.rows.size() - shown.size();
  if (hidden > 0) text += fmt::format("{} rows that may differ by chance are not shown\n", hidden);
  if (shown.empty()) return text;
  text += '\n';
  text += fmt::format("{:<{}}  {:<14} {:>5} {:>10} {:>10} {:>22} {:>8}\n", "point", width, "column", "pairs", "first", "second", "difference", "p");
  for (const Comparison* one : shown) {
    const Comparison& row = *one;
    text += fmt::format("{:<{}}  {:<14} {:>5} {:>10} {:>10} {:>22} {:>8}  {}\n", row.point, width, row.column, row.pairs, short_number(row.first),
                        short_number(row.second),
                        fmt::format("{} ± {}", short_number(row.difference.mean), short_number(row.difference.half_width)),
                        row.probability < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", row.probability), word(row.verdict));
  }
  return text;
}

}  // namespace earshot::sim
