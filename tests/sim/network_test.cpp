// Latency laws and losses.
#include "sim/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace earshot::sim {
namespace {

std::vector<std::int64_t> sorted_latencies(const Network& network, std::uint32_t links) {
  std::vector<std::int64_t> latencies;
  for (std::uint32_t i = 0; i < links; ++i) latencies.push_back(network.travel(PeerId{i}, PeerId{i + 1}, 0)->count());
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

TEST(Network, ConstantLatencyIsConstant) {
  NetworkSettings settings;
  settings.law = LatencyLaw::kConstant;
  settings.median = 33ms;
  const Network network(settings, 1);
  EXPECT_EQ(network.travel(PeerId{1}, PeerId{2}, 0), Duration(33ms));
  EXPECT_EQ(network.travel(PeerId{5}, PeerId{9}, 77), Duration(33ms));
}

TEST(Network, UniformLatencyFillsItsRange) {
  NetworkSettings settings;
  settings.law = LatencyLaw::kUniform;
  settings.min = 20ms;
  settings.max = 100ms;
  const std::vector<std::int64_t> latencies = sorted_latencies(Network(settings, 1), 20'000);
  EXPECT_GE(latencies.front(), 20'000);
  EXPECT_LE(latencies.front(), 20'100);
  EXPECT_GE(latencies.back(), 99'900);
  EXPECT_LE(latencies.back(), 100'000);
  EXPECT_NEAR(static_cast<double>(latencies[10'000]), 60'000, 1'500);
}

TEST(Network, LogNormalLatencyHasItsMedianAndItsSpread) {
  NetworkSettings settings;
  settings.max = 2s;
  const std::vector<std::int64_t> latencies = sorted_latencies(Network(settings, 1), 40'000);
  // Median 60 ms, sigma 1/2: the share e^(±1/2 x 1.96) covers 95 %.
  EXPECT_NEAR(static_cast<double>(latencies[20'000]), 60'000, 1'000);
  EXPECT_NEAR(static_cast<double>(latencies[1'000]), 60'000 * 0.3753, 1'000);
  EXPECT_NEAR(static_cast<double>(latencies[39'000]), 60'000 * 2.6645, 6'000);
}

TEST(Network, SpreadIsCutAtTheLongestLatency) {
  NetworkSettings settings;
  settings.max = 70ms;
  EXPECT_EQ(sorted_latencies(Network(settings, 1), 1'000).back(), 70'000);
}

TEST(Network, ALinkHasOneLatencyBothWays) {
  NetworkSettings settings;
  settings.max = 2s;
  const Network network(settings, 9);
  EXPECT_EQ(network.travel(PeerId{1}, PeerId{2}, 0), network.travel(PeerId{2}, PeerId{1}, 50));
  EXPECT_NE(network.travel(PeerId{1}, PeerId{2}, 0), network.travel(PeerId{1}, PeerId{3}, 0));
}

TEST(Network, PerMessageLatencyDiffersFromMessageToMessage) {
  NetworkSettings settings;
  settings.max = 2s;
  settings.per = LatencyPer::kMessage;
  const Network network(settings, 9);
  EXPECT_NE(network.travel(PeerId{1}, PeerId{2}, 0), network.travel(PeerId{1}, PeerId{2}, 1));
  EXPECT_EQ(network.travel(PeerId{1}, PeerId{2}, 1), network.travel(PeerId{1}, PeerId{2}, 1));
}

TEST(Network, LosesItsShareOfMessages) {
  NetworkSettings settings;
  settings.loss_per_million = 50'000;
  const Network network(settings, 3);
  int lost = 0;
  for (std::uint32_t count = 0; count < 100'000; ++count) lost += network.travel(PeerId{1}, PeerId{2}, count) ? 0 : 1;
  EXPECT_NEAR(lost, 5'000, 300);  // 4 standard deviations
}

TEST(Network, TheDeadAreNoticedAfterARoundTripAndATimeout) {
  NetworkSettings settings;
  settings.law = LatencyLaw::kConstant;
  settings.median = 40ms;
  settings.lost_after = 1s;
  EXPECT_EQ(Network(settings, 1).until_lost(PeerId{1}, PeerId{2}), Duration(1080ms));
}

/// The same with every compiler and in every build: a change of this number changes every published result.
TEST(Network, TheTableOfLatenciesIsTheSameEverywhere) {
  NetworkSettings settings;
  settings.max = 2s;
  std::uint64_t sum = 0;
  const Network network(settings, 1);
  for (std::uint32_t i = 0; i < 10'000; ++i) sum = sum * 31 + static_cast<std::uint64_t>(network.travel(PeerId{i}, PeerId{7 * i + 1}, 0)->count());
  EXPECT_EQ(sum, 14128694024572290877u);
}

TEST(Network, NothingIsFasterThanTheShortest) {
  for (const LatencyLaw law : {LatencyLaw::kConstant, LatencyLaw::kUniform, LatencyLaw::kLogNormal}) {
    NetworkSettings settings;
    settings.law = law;
    settings.max = 200ms;
    settings.jitter = 50ms;
    const Network network(settings, 7);
    EXPECT_GE(sorted_latencies(network, 20'000).front(), network.shortest().count());
  }
}

TEST(Network, JitterLetsMessagesOvertake) {
  NetworkSettings settings;
  settings.law = LatencyLaw::kConstant;
  settings.jitter = 40ms;
  const Network network(settings, 1);
  double sum = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const Duration travel = *network.travel(PeerId{1}, PeerId{2}, i);
    EXPECT_GE(travel, Duration(60ms));
    EXPECT_LT(travel, Duration(100ms));
    sum += static_cast<double>(travel.count());
  }
  EXPECT_NEAR(sum / 10'000, 80'000, 500);
}

TEST(Network, DuplicatesAreTheirShareOfTheMessages) {
  NetworkSettings settings;
  settings.duplicates_per_million = 50'000;
  const Network network(settings, 1);
  int duplicates = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) duplicates += network.duplicate(PeerId{1}, PeerId{2}, i) ? 1 : 0;
  EXPECT_NEAR(duplicates, 1000, 120);
}

TEST(Network, APartingHasTwoSidesOfTheSizesWanted) {
  const Network network({}, 1);
  PartitionSettings partition;
  partition.per_million = 300'000;
  int apart = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    apart += network.parts(partition, PeerId{2 * i}, PeerId{2 * i + 1}) ? 1 : 0;
    EXPECT_EQ(network.parts(partition, PeerId{i}, PeerId{7}), network.parts(partition, PeerId{7}, PeerId{i}));
    EXPECT_FALSE(network.parts(partition, PeerId{i}, PeerId{i}));
  }
  EXPECT_NEAR(apart, 10'000 * 2 * 0.3 * 0.7, 200);
}

}  // namespace
}  // namespace earshot::sim
