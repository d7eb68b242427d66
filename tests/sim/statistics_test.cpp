// Intervals and tests, against published values.
#include "sim/statistics.h"

#include <gtest/gtest.h>

#include <vector>

namespace earshot::sim {
namespace {

TEST(Statistics, IntervalsAreStudents) {
  const std::vector<double> values{1, 2, 3, 4};
  const Interval interval = mean_interval(values);
  EXPECT_DOUBLE_EQ(interval.mean, 2.5);
  EXPECT_NEAR(interval.half_width, 2.054, 0.001);  // 3.182 x sqrt(5/3 / 4)
  const std::vector<double> one{5};
  EXPECT_EQ(mean_interval(one).half_width, 0);
}

// Student 1908, "The probable error of a mean", table of additional hours of sleep: t = 4.06 with 9 degrees of freedom, p = 0.0028.
TEST(Statistics, StudentsOwnPairsDiffer) {
  const std::vector<double> sleep{1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  EXPECT_NEAR(paired_t_probability(sleep), 0.002833, 0.000001);
}

TEST(Statistics, TheTailsOfTheTableAreFivePercent) {
  // Two differences have one degree of freedom: t = 12.706 for {mean - d, mean + d}, d = mean / 12.706.
  const std::vector<double> two{1 - 1 / 12.706, 1 + 1 / 12.706};
  EXPECT_NEAR(paired_t_probability(two), 0.05, 0.0001);
}

TEST(Statistics, PairsThatAllDifferAlikeDifferForCertain) {
  EXPECT_EQ(paired_t_probability(std::vector<double>{0, 0, 0}), 1);
  EXPECT_EQ(paired_t_probability(std::vector<double>{2, 2, 2}), 0);
  EXPECT_EQ(paired_t_probability(std::vector<double>{}), 1);
}

// Wilcoxon 1945, "Individual comparisons by ranking methods": Darwin's 15 pairs of maize, sum of negative ranks 24, p = 0.041.
TEST(Statistics, DarwinsMaizeByRanks) {
  const std::vector<double> maize{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
  EXPECT_NEAR(wilcoxon_probability(maize), 0.0413, 0.0001);
}

TEST(Statistics, FewPairsNeverReachFivePercentByRanks) {
  EXPECT_DOUBLE_EQ(wilcoxon_probability(std::vector<double>{1, 2, 3, 4, 5}), 2.0 / 32);
  EXPECT_DOUBLE_EQ(wilcoxon_probability(std::vector<double>{1, 2, 3, 4, 5, 6}), 2.0 / 64);
  EXPECT_EQ(wilcoxon_probability(std::vector<double>{0, 0}), 1);
}

TEST(Statistics, ManyPairsUseTheBellCurve) {
  std::vector<double> differences;
  for (int i = 1; i <= 40; ++i) differences.push_back(i % 2 == 0 ? i : -i);
  EXPECT_GT(wilcoxon_probability(differences), 0.8);
  for (double& one : differences) one = one < 0 ? -one : one;
  EXPECT_LT(wilcoxon_probability(differences), 1e-6);
}

}  // namespace
}  // namespace earshot::sim
