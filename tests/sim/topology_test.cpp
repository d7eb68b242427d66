// Graph models keep what they promise.
#include "sim/topology.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace earshot::sim {
namespace {

Random seeded(std::uint64_t seed) { return Random::stream(seed, 0, 0); }

/// Both ends know each other; nobody knows himself or anybody twice.
void expect_simple(const Topology& graph) {
  std::size_t ends = 0;
  for (std::uint32_t i = 0; i < graph.nodes(); ++i) {
    const auto neighbors = graph.neighbors(PeerId{i});
    ends += neighbors.size();
    ASSERT_TRUE(std::is_sorted(neighbors.begin(), neighbors.end()));
    ASSERT_EQ(std::adjacent_find(neighbors.begin(), neighbors.end()), neighbors.end());
    for (const PeerId other : neighbors) {
      ASSERT_NE(other, PeerId{i});
      const auto back = graph.neighbors(other);
      ASSERT_TRUE(std::binary_search(back.begin(), back.end(), PeerId{i}));
    }
  }
  EXPECT_EQ(ends, 2 * graph.edges());
}

TEST(Topology, DropsLoopsAndRepetitions) {
  const Topology graph(3, {{0, 1}, {1, 0}, {2, 2}, {1, 2}});
  expect_simple(graph);
  EXPECT_EQ(graph.edges(), 2u);
  EXPECT_EQ(graph.max_degree(), 2u);
}

RC_GTEST_PROP(RandomRegular, GivesEveryNodeItsDegree, ()) {
  const auto nodes = *rc::gen::inRange(3u, 200u);
  const auto degree = *rc::gen::inRange(1u, std::min(nodes, 12u));
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto graph = random_regular(nodes, degree, seeded(seed));
  if (std::uint64_t{nodes} * degree % 2 != 0) {
    RC_ASSERT(!graph);
    return;
  }
  RC_ASSERT(bool(graph));
  for (std::uint32_t i = 0; i < nodes; ++i) RC_ASSERT(graph->neighbors(PeerId{i}).size() == degree);
  RC_ASSERT(graph->edges() == std::size_t{nodes} * degree / 2);
}

TEST(RandomRegular, FindsTheCompleteGraph) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto graph = random_regular(8, 7, seeded(seed));
    ASSERT_TRUE(graph);
    EXPECT_EQ(graph->edges(), 28u);
  }
}

TEST(RandomRegular, DiffersFromSeedToSeedAndRepeatsItself) {
  const auto neighbors = [](std::uint64_t seed) {
    const auto graph = random_regular(1000, 8, seeded(seed));
    const auto list = graph->neighbors(PeerId{0});
    return std::vector<PeerId>(list.begin(), list.end());
  };
  EXPECT_EQ(neighbors(1), neighbors(1));
  EXPECT_NE(neighbors(1), neighbors(2));
}

TEST(ErdosRenyi, HasExactlyItsEdges) {
  const auto graph = erdos_renyi(10'000, 7, seeded(1));
  ASSERT_TRUE(graph);
  expect_simple(*graph);
  EXPECT_EQ(graph->edges(), 35'000u);
  // Degrees are Poisson: e^-7 of the nodes have none.
  std::size_t alone = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) alone += graph->neighbors(PeerId{i}).empty() ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(alone), 9.1, 12.0);
}

TEST(BarabasiAlbert, LinksEveryNewcomerAndGrowsHubs) {
  const auto graph = barabasi_albert(10'000, 8, seeded(1));
  ASSERT_TRUE(graph);
  expect_simple(*graph);
  EXPECT_EQ(graph->edges(), 10u + (10'000u - 5u) * 4u);
  for (std::uint32_t i = 0; i < 10'000; ++i) ASSERT_GE(graph->neighbors(PeerId{i}).size(), 4u);
  EXPECT_GT(graph->max_degree(), 150u);  // about 4 x sqrt(10,000) = 400; a random graph has some 20
  EXPECT_EQ(nodes_within(*graph, PeerId{0}, 20), 9'999u);
}

TEST(WattsStrogatz, IsARingWithoutRewiringAndSmallWithSome) {
  const auto ring = watts_strogatz(1'000, 6, 0, seeded(1));
  ASSERT_TRUE(ring);
  expect_simple(*ring);
  for (std::uint32_t i = 0; i < 1'000; ++i) ASSERT_EQ(ring->neighbors(PeerId{i}).size(), 6u);
  EXPECT_EQ(nodes_within(*ring, PeerId{0}, 10), 60u);
  const auto small = watts_strogatz(1'000, 6, 100'000, seeded(1));
  ASSERT_TRUE(small);
  expect_simple(*small);
  EXPECT_EQ(small->edges(), 3'000u);
  EXPECT_GT(nodes_within(*small, PeerId{0}, 10), 900u);
}

TEST(Topology, RefusesImpossibleDegrees) {
  EXPECT_FALSE(random_regular(5, 5, seeded(1)));
  EXPECT_FALSE(random_regular(5, 3, seeded(1)));
  EXPECT_FALSE(barabasi_albert(100, 7, seeded(1)));
  EXPECT_FALSE(watts_strogatz(100, 0, 0, seeded(1)));
}

TEST(Topology, ImportsEdgesAndRenumbersNodes) {
  const auto path = std::filesystem::temp_directory_path() / "earshot_topology_test.tsv";
  std::ofstream(path) << "src\tdst\n100\t7\n7\t55\n55\t100\n55\t9\n";
  const auto graph = imported_edges(path);
  ASSERT_TRUE(graph) << graph.error().what;
  expect_simple(*graph);
  EXPECT_EQ(graph->nodes(), 4u);
  EXPECT_EQ(graph->edges(), 4u);
  EXPECT_EQ(graph->neighbors(PeerId{2}).size(), 3u);  // 55 is the third to appear
  std::ofstream(path) << "0\t1\n1\n";
  EXPECT_EQ(imported_edges(path).error().what, path.string() + ":2: '1' is not two node numbers and a tab");
  std::filesystem::remove(path);
}

TEST(Topology, CountsNodesWithinARadius) {
  const Topology path(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  EXPECT_EQ(nodes_within(path, PeerId{0}, 0), 0u);
  EXPECT_EQ(nodes_within(path, PeerId{0}, 3), 3u);
  EXPECT_EQ(nodes_within(path, PeerId{2}, 9), 4u);
}

}  // namespace
}  // namespace earshot::sim
