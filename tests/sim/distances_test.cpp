// Latency between places.
#include "sim/distances.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/network.h"
#include "sim/streams.h"
#include "tests/temporary_folder.h"

namespace earshot::sim {
namespace {

const Random kRandom = stream(1, 0, Purpose::kPlace);

TEST(Distances, DrawnPlacesHaveTheirMedianAndObeyTheTriangle) {
  const Distances distances = Distances::drawn(60ms, 3000, kRandom);
  std::vector<std::int64_t> all;
  for (std::uint32_t i = 0; i + 2 < 3000; ++i) {
    const PeerId a{i}, b{i + 1}, c{i + 2};
    all.push_back(distances.between(a, b).count());
    EXPECT_LE(distances.between(a, c), distances.between(a, b) + distances.between(b, c) + Duration(2));
    EXPECT_EQ(distances.between(a, b), distances.between(b, a));
  }
  std::sort(all.begin(), all.end());
  EXPECT_NEAR(static_cast<double>(all[all.size() / 2]), 60'000, 3'000);
}

TEST(Distances, ReadsCoordinates) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "places.tsv";
  folder.write(path.filename().string(), "root\tx_ms\ty_ms\n1\t0\t0\n1\t30\t-40.5\n");
  const Result<Distances> distances = Distances::coordinates(path, 50, kRandom);
  ASSERT_TRUE(distances) << distances.error().what;
  for (std::uint32_t i = 1; i < 50; ++i) {
    const std::int64_t between = distances->between(PeerId{0}, PeerId{i}).count();
    EXPECT_TRUE(between == 0 || between == 50'400) << between;
  }
  folder.write(path.filename().string(), "x_ms\ty_ms\n1\n");
  EXPECT_TRUE(Distances::coordinates(path, 5, kRandom).error().what.ends_with("places.tsv:2: '1' is no place: two numbers of milliseconds are wanted"));
}

TEST(Distances, ReadsAMatrixAndMirrorsItsHoles) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "rtt.tsv";
  folder.write(path.filename().string(), "\t10\t\n12\t\t7.5\n30\t8\t\n");
  const Result<Distances> distances = Distances::matrix(path, 60, kRandom);
  ASSERT_TRUE(distances) << distances.error().what;
  std::vector<std::int64_t> seen;
  for (std::uint32_t i = 0; i < 60; ++i) {
    for (std::uint32_t k = 0; k < 60; ++k) seen.push_back(distances->between(PeerId{i}, PeerId{k}).count());
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 3'750, 4'000, 5'000, 6'000, 15'000}));
  folder.write(path.filename().string(), "\t10\n12\t\t7\n");
  EXPECT_TRUE(Distances::matrix(path, 5, kRandom).error().what.ends_with("rtt.tsv:2: 3 cells, but 2 in the first row"));
  folder.write(path.filename().string(), "1\t10\n12\tx\n");
  EXPECT_TRUE(Distances::matrix(path, 5, kRandom).error().what.ends_with("rtt.tsv:2: 'x' is no time in milliseconds"));
}

TEST(Distances, TheNetworkKeepsAFloorUnderThem) {
  const Distances distances = Distances::drawn(60ms, 100, kRandom);
  NetworkSettings settings;
  settings.law = LatencyLaw::kCoordinates;
  settings.min = 25ms;
  const Network network(settings, 1, &distances);
  EXPECT_EQ(network.shortest(), Duration(25ms));
  for (std::uint32_t i = 1; i < 100; ++i) {
    EXPECT_EQ(*network.travel(PeerId{0}, PeerId{i}, 0), std::max(distances.between(PeerId{0}, PeerId{i}), Duration(25ms)));
  }
}

}  // namespace
}  // namespace earshot::sim
