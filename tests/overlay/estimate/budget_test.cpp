// The arithmetic against its formulas in floating point, and against the table that it was designed by.
#include "overlay/estimate/budget.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/overlay/network_view.h"

namespace earshot::overlay {
namespace {

TEST(Budget, IsThatOfTheTable) {
  // Recall 98.2 %: N, D, Q.
  for (const auto& [peers, copies, visits] : {std::tuple{10'000, 62, 645}, {1'000'000, 620, 6455}, {100'000'000, 6197, 64549}}) {
    const NetworkView network = network_of(static_cast<std::uint32_t>(peers));
    EXPECT_NEAR(digest_copies(network_of(static_cast<std::uint32_t>(peers), 16), 4000), copies * 16.0 / 14, copies * 0.01 + 2);
    EXPECT_NEAR(query_visits(network, 4000), visits, visits * 0.02);  // D is a whole number
  }
}

TEST(Budget, GrowsWithLambdaAndNeverBeyondTheNetwork) {
  EXPECT_NEAR(query_visits(network_of(1'000'000), 9000), 6455 * 1.5, 100);
  EXPECT_EQ(query_visits(network_of(5), 9000), 5u);
  EXPECT_EQ(digest_copies(network_of(2, 1), 9000), 2u);
  EXPECT_EQ(query_visits(network_of(0), 4000), query_visits(network_of(kPeersUnknown), 4000));
}

TEST(Budget, FollowsWhatIsMeasured) {
  NetworkView network = network_of(1'000'000);
  network.meetings = 1000;
  network.meeting = 620u << 12;  // of 2^32: 620 hosts among 2^20 peers
  EXPECT_NEAR(query_visits(network, 4000), 4.0 * (1 << 20) / 620, 2);
  network.meeting /= 2;  // half of the digests are gone
  EXPECT_NEAR(query_visits(network, 4000), 8.0 * (1 << 20) / 620, 4);
  network.meeting = 0;
  EXPECT_EQ(query_visits(network, 4000), 1'000'000u);
}

TEST(Coverage, IsOneMinusWhatIsMissed) {
  EXPECT_EQ(coverage_of(NetworkView{}, 5000), (Coverage{0, 0, 1000})) << "nothing measured, nothing claimed";
  EXPECT_EQ(coverage_of(network_of(60), 60).permille, 1000) << "everybody has been asked";
  EXPECT_EQ(coverage_of(network_of(1000), 250), (Coverage{250, 250, 1000}));
  NetworkView network = network_of(1'000'000);
  network.meetings = 10'000;
  network.meeting = static_cast<std::uint32_t>(4294967296.0 * 620 / 1'000'000);
  for (const std::uint32_t visits : {0u, 1u, 100u, 1000u, 6455u, 20'000u}) {
    const double lambda = visits * 620.0 / 1'000'000;
    const double missed = std::exp(-lambda) * (1 - visits / 1e6);
    EXPECT_NEAR(coverage_of(network, visits).permille, 1000 * (1 - missed), 1.0) << visits;
    EXPECT_NEAR(coverage_of(network, visits).least, 1000 * (1 - std::exp(-lambda * 0.98) * (1 - visits / 1e6)), 1.0);
    EXPECT_NEAR(coverage_of(network, visits).most, 1000 * (1 - std::exp(-lambda * 1.02) * (1 - visits / 1e6)), 1.0);
  }
  EXPECT_EQ(coverage_of(network, 1'000'000).permille, 1000);
}

TEST(Coverage, DoesNotCountMeetingsInCompanyTwice) {
  NetworkView network = network_of(1'000'000, 16);
  network.meetings = 1'000'000;
  network.meeting = 1u << 22;
  NetworkView plain = network_of(1'000'000);
  plain.meetings = 1'000'000;
  plain.meeting = (1u << 22) / 16 * 14;
  EXPECT_EQ(coverage_of(network, 3000).permille, coverage_of(plain, 3000).permille);
}

TEST(ExpMinus, IsRightToAFourThousandth) {
  for (std::uint64_t x = 0; x < 12 << 16; x += 97) {
    EXPECT_NEAR(exp_minus(x) / 65536.0, std::exp(-static_cast<double>(x) / 65536), 1.0 / 4096) << x;
  }
  EXPECT_EQ(exp_minus(0), 65536u);
  EXPECT_EQ(exp_minus(UINT64_MAX), 0u);
}

TEST(SquareRoot, IsTheLargestWholeOne) {
  for (std::uint64_t x = 0; x < 70'000; ++x) {
    const std::uint64_t root = square_root(x);
    EXPECT_TRUE(root * root <= x && (root + 1) * (root + 1) > x) << x;
  }
  EXPECT_EQ(square_root(UINT64_MAX), UINT32_MAX);
}

TEST(PeersWithin, IsTheSizeOfATree) {
  EXPECT_EQ(peers_within(network_of(0), 8, 3), 8u + 8 * 7 + 8 * 49);
  EXPECT_NEAR(peers_within(network_of(100), 8, 3), 100 * (1 - std::exp(-4.56)), 1);
  EXPECT_EQ(peers_within(network_of(100), 8, 7), 100u);
  EXPECT_EQ(peers_within(network_of(0), 8, 2, /*missed_permille=*/500), 4u + 14);
  EXPECT_EQ(peers_within(network_of(0), 0, 3), 0u);
  EXPECT_EQ(peers_within(network_of(0), 1, 3), 1u);
}

}  // namespace
}  // namespace earshot::overlay
