// Two results side by side: what differs, by how much, whether that may be chance, and whether it is for the worse.
//
// Rules:
//  1. Runs are paired by the values of the swept keys, the search and the seed: the same seed has the same network and questions on both
//     sides, so most of what varies between seeds cancels. Runs without a counterpart are counted and left out; nothing paired is an
//     error.
//  2. A row of the comparison is one point, search and column. Its test is Student's paired t, or Wilcoxon's signed ranks on demand; the
//     interval is of the mean difference, by t.
//  3. Probabilities are corrected for the number of rows that differ (Holm 1979), so that one in twenty comparisons of equals, not one
//     in twenty rows, is called different.
//  4. A regression is a significant change for the worse of more than the tolerance, relative to the first mean. With one pair, or when
//     all pairs differ by the same, there is no chance in it: the difference itself is significant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/result.h"
#include "sim/statistics.h"
#include "sim/table.h"

namespace earshot::sim {

enum class PairedTest : std::uint8_t { kStudent, kWilcoxon };

struct CompareOptions {
  std::vector<std::string> keys;     // swept ones, columns of both tables
  PairedTest test = PairedTest::kStudent;
  double level = 0.05;
  double tolerance = 0;              // share of the first mean
};

enum class Verdict : std::uint8_t { kSame, kChance, kChanged, kBetter, kWorse };

struct Comparison {
  std::string point;                 // "search.ttl=3 flood"
  std::string column;
  std::size_t pairs = 0;
  double first = 0, second = 0;      // means
  Interval difference;               // second minus first
  double probability = 1;            // corrected
  Verdict verdict = Verdict::kSame;
};

struct CompareResult {
  std::vector<Comparison> rows;      // those that differ at all, in the order of the first table
  std::size_t pairs = 0;
  std::size_t unpaired = 0;          // runs of either side
  std::size_t identical = 0;         // pairs with the same event hash
  bool has_regression() const;
};

/// Errors: kInvalid: a column is missing, or nothing can be paired.
Result<CompareResult> compare(const Table& first, const Table& second, const CompareOptions& options);

/// For people; says which test it was. `all`: also the rows that may differ by chance.
std::string comparison_table(const CompareResult& result, const CompareOptions& options, bool all);

}  // namespace earshot::sim
