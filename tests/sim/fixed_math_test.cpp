// Whole-number mathematics against the C library's.
#include "sim/fixed_math.h"

#include <gtest/gtest.h>

#include <cmath>

namespace earshot::sim {
namespace {

double real(Fixed value) { return static_cast<double>(value) / 4294967296.0; }

TEST(FixedMath, LogarithmAgreesWithTheLibrary) {
  for (std::uint64_t value = 1; value < (std::uint64_t{1} << 62); value = value * 3 / 2 + 1) {
    EXPECT_NEAR(real(fixed_log2(value)), std::log2(static_cast<double>(value)), 1e-9) << value;
  }
  EXPECT_EQ(fixed_log2(1024), 10 * kFixedOne);
}

TEST(FixedMath, PowerAgreesWithTheLibrary) {
  for (double exponent = -30; exponent < 30; exponent += 0.37) {
    const double expected = std::floor(1e9 * std::exp2(real(fixed_from(exponent))));
    EXPECT_NEAR(static_cast<double>(scaled_exp2(1'000'000'000, fixed_from(exponent))), expected, 1 + expected * 1e-11) << exponent;
  }
}

TEST(FixedMath, PowerSaysWhenItDoesNotFit) {
  EXPECT_EQ(scaled_exp2(1'000, fixed_from(60)), INT64_MAX);
  EXPECT_EQ(scaled_exp2(1'000, fixed_from(1'000'000)), INT64_MAX);
  EXPECT_EQ(scaled_exp2(1'000, fixed_from(-11)), 0u);
  EXPECT_EQ(scaled_exp2(1'000, fixed_from(-1'000'000)), 0u);
  EXPECT_EQ(scaled_exp2(0, fixed_from(5)), 0u);
}

TEST(FixedMath, SquareRootIsRoundedDown) {
  for (const std::uint64_t root : {1ull, 2ull, 255ull, 65'536ull, 4'294'967'295ull}) {
    EXPECT_EQ(square_root(root * root), root);
    EXPECT_EQ(square_root(root * root - 1), root - 1);
  }
  EXPECT_EQ(square_root(UINT64_MAX), 4'294'967'295u);
}

TEST(FixedMath, QuantilesAreThoseOfTheNormalDistribution) {
  constexpr std::uint32_t kPoints = 4096;
  const std::vector<Fixed> quantiles = normal_quantiles(kPoints);
  ASSERT_EQ(quantiles.size(), kPoints + 1);
  double squares = 0;
  for (std::uint32_t i = 0; i <= kPoints; ++i) {
    EXPECT_GE(quantiles[i], quantiles[i > 0 ? i - 1 : 0]);
    const double share = (i + 0.5) / (kPoints + 1);
    EXPECT_NEAR(0.5 * std::erfc(-real(quantiles[i]) / std::sqrt(2.0)), share, 1e-4) << i;
    squares += real(quantiles[i]) * real(quantiles[i]);
  }
  EXPECT_NEAR(squares / (kPoints + 1), 1.0, 0.002);
  EXPECT_NEAR(real(quantiles[kPoints / 2]), 0.0, 1e-6);
}

}  // namespace
}  // namespace earshot::sim
