// Weights, draws and shares.
#include "sim/popularity.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

namespace earshot::sim {
namespace {

TEST(Popularity, ZipfFallsWithTheRank) {
  const Weights weights = zipf_weights(1000, kFixedOne, 1);
  EXPECT_NEAR(static_cast<double>(weights[0]) / static_cast<double>(weights[9]), 10.0, 1e-6);
  EXPECT_NEAR(static_cast<double>(weights[0]) / static_cast<double>(weights[999]), 1000.0, 1e-3);
}

TEST(Popularity, AFlatHeadWeighsTheSame) {
  const Weights weights = zipf_weights(100, kFixedOne, 10);
  for (std::size_t i = 1; i < 10; ++i) EXPECT_EQ(weights[i], weights[0]);
  EXPECT_LT(weights[10], weights[9]);
}

TEST(Popularity, ExponentZeroIsUniform) { EXPECT_EQ(zipf_weights(50, 0, 1), uniform_weights(50)); }

TEST(Popularity, DrawsFollowTheWeights) {
  const WeightedDraw draw({1, 0, 3});
  Random random = Random::stream(1, 2, 3);
  std::vector<int> counts(3);
  for (int i = 0; i < 40'000; ++i) ++counts[draw(random)];
  EXPECT_NEAR(counts[0], 10'000, 400);
  EXPECT_EQ(counts[1], 0);
}

TEST(Popularity, SharesAddUpAndNobodyGoesEmpty) {
  const std::vector<std::uint32_t> shares = apportioned(zipf_weights(1000, kFixedOne, 1), 100'000, 5'000);
  EXPECT_EQ(shares.front(), 5'000u);  // 13,360 wanted
  EXPECT_GE(shares.back(), 1u);
  const std::vector<std::uint32_t> even = apportioned(uniform_weights(10), 70, 100);
  EXPECT_EQ(even, std::vector<std::uint32_t>(10, 7));
}

TEST(Popularity, SquareRootsHalveTheExponent) {
  const Weights roots = square_roots(zipf_weights(10'000, kFixedOne, 1));
  EXPECT_NEAR(static_cast<double>(roots[0]) / static_cast<double>(roots[9'999]), 100.0, 0.1);
}

TEST(Popularity, ReadsCountsFromATable) {
  const auto path = std::filesystem::temp_directory_path() / "earshot_popularity_test.tsv";
  std::ofstream(path) << "source\tcount\ttitle\nx\t5\tB\nx\t90\tA\n";
  const auto weights = imported_weights(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(weights) << weights.error().what;
  EXPECT_EQ(*weights, (Weights{90, 5}));
}

TEST(Popularity, NamesTheLineThatIsNoCount) {
  const auto path = std::filesystem::temp_directory_path() / "earshot_popularity_bad_test.tsv";
  std::ofstream(path) << "count\n5\nmany\n";
  const auto weights = imported_weights(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(weights);
  EXPECT_EQ(weights.error().what, path.string() + ":3: 'many' is no count");
}

}  // namespace
}  // namespace earshot::sim
