// Intervals and tests: what may be said about a mean after a handful of runs. Floating point, because nothing here decides what
// a peer does; only +, -, *, / and sqrt go into intervals, so they are the same with every compiler.
#pragma once

#include <cstddef>
#include <span>

namespace earshot::sim {

struct Interval {
  double mean = 0;
  double half_width = 0;  // of the 95 % interval by Student's t; 0 for a single value
};

/// REQUIRES: at least one value.
Interval mean_interval(std::span<const double> values);

/// Two-sided probability that pairs which do not differ on average differ as much as these do: Student's paired t. `differences` are
/// second minus first of each pair. All equal: 1 when they are zero, else 0; fewer than two: the same.
double paired_t_probability(std::span<const double> differences);

/// The same by ranks, without assuming a bell curve: Wilcoxon's signed ranks, zeros dropped, ties at their mean rank. Exact for up to
/// 25 pairs, else the normal approximation with correction for continuity. With n pairs nothing below 2 x 2^-n can be found, so
/// fewer than six never reach 5 %.
double wilcoxon_probability(std::span<const double> differences);

}  // namespace earshot::sim
