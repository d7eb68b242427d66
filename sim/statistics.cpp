// Student and Wilcoxon.
#include "sim/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "schema/check.h"

namespace earshot::sim {

namespace {

/// Student's t, two-sided 95 %, for 1 to 30 degrees of freedom; beyond, the value for the next smaller entry is used, which
/// makes an interval a little too wide, never too narrow.
double student_t(std::size_t freedom) {
  constexpr std::array<double, 30> kTable{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                          2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                          2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  if (freedom <= kTable.size()) return kTable[freedom - 1];
  return freedom < 40 ? 2.042 : freedom < 60 ? 2.021 : freedom < 120 ? 2.000 : 1.980;
}

/// Mean, and the standard error of it.
std::pair<double, double> mean_and_error(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return {mean, 0};
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1) / count)};
}

/// The two tails of Student's distribution beyond t: exact sums for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4).
double student_tails(double t, std::size_t freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1;
  double sum = freedom == 1 ? 0 : term;
  for (std::size_t i = odd ? 3 : 2; i + 2 <= freedom; i += 2) {
    term *= cosine * cosine * static_cast<double>(i - 1) / static_cast<double>(i);
    sum += term;
  }
  const double within = odd ? (angle + std::sin(angle) * sum) * 2 / M_PI : std::sin(angle) * sum;
  return std::clamp(1 - within, 0.0, 1.0);
}

/// Twice the rank of each size, so that ties, at their mean rank, are whole too.
std::vector<std::uint32_t> doubled_ranks(const std::vector<double>& sizes) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  std::vector<std::uint32_t> ranks(sizes.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && sizes[order[end]] == sizes[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = static_cast<std::uint32_t>(first + end + 1);
  }
  return ranks;
}

/// The share of all 2^n ways to give signs whose sum of positive ranks is at most `sum`.
double share_of_signs_below(const std::vector<std::uint32_t>& ranks, std::uint32_t sum) {
  std::vector<double> ways(std::accumulate(ranks.begin(), ranks.end(), std::size_t{1}));
  ways[0] = 1;
  for (const std::uint32_t rank : ranks) {
    for (std::size_t total = ways.size(); total-- > rank;) ways[total] += ways[total - rank];
  }
  return std::accumulate(ways.begin(), ways.begin() + sum + 1, 0.0) / std::ldexp(1, static_cast<int>(ranks.size()));
}

}  // namespace

Interval mean_interval(std::span<const double> values) {
  EARSHOT_CHECK(!values.empty());
  const auto [mean, error] = mean_and_error(values);
  return {mean, values.size() == 1 ? 0 : student_t(values.size() - 1) * error};
}

double paired_t_probability(std::span<const double> differences) {
  if (differences.empty()) return 1;
  const auto [mean, error] = mean_and_error(differences);
  if (error == 0) return mean == 0 ? 1 : 0;
  return student_tails(std::abs(mean) / error, differences.size() - 1);
}

double wilcoxon_probability(std::span<const double> differences) {
  std::vector<double> sizes;
  std::vector<bool> positive;
  for (const double difference : differences) {
    if (difference == 0) continue;
    sizes.push_back(std::abs(difference));
    positive.push_back(difference > 0);
  }
  if (sizes.empty()) return 1;
  const std::vector<std::uint32_t> ranks = doubled_ranks(sizes);
  std::uint32_t above = 0, all = 0;
  double squares = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    all += ranks[i];
    above += positive[i] ? ranks[i] : 0;
    squares += static_cast<double>(ranks[i]) * ranks[i];
  }
  const std::uint32_t smaller = std::min(above, all - above);
  if (ranks.size() <= 25) return std::min(1.0, 2 * share_of_signs_below(ranks, smaller));
  // Doubled ranks: mean all/2, variance the sum of their squares / 4, and half a rank is 1.
  const double distance = std::max(0.0, all / 2.0 - smaller - 1);
  return std::erfc(distance / std::sqrt(squares / 4) / std::sqrt(2.0));
}

}  // namespace earshot::sim
