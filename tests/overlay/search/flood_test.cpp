// Flooding reaches exactly the ball of a breadth-first search: every small world, and random larger ones.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

/// Who has looked in his library, after one flood of this TTL from `origin`.
std::set<std::size_t> reached_by_flood(NetOfPeers& net, std::size_t origin, std::uint16_t ttl) {
  net.ask(origin, request_for("any", StrategyKind::kFlood, ttl));
  net.run_for(5s);
  std::set<std::size_t> reached;
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (net.lookups(i) > 0) reached.insert(i);
    EXPECT_LE(net.lookups(i), 1u) << i << " looked twice";
  }
  return reached;
}

std::set<std::size_t> ball(const NetOfPeers& net, std::size_t origin, int radius) {
  std::set<std::size_t> inside;
  const std::vector<int> distance = net.distances(origin);
  for (std::size_t i = 0; i < distance.size(); ++i) {
    if (distance[i] >= 0 && distance[i] <= radius) inside.insert(i);
  }
  return inside;
}

using Edges = std::vector<std::pair<std::size_t, std::size_t>>;

Edges edges_of(std::size_t peers, std::uint32_t graph) {
  Edges edges;
  std::uint32_t bit = 0;
  for (std::size_t a = 0; a < peers; ++a) {
    for (std::size_t b = a + 1; b < peers; ++b, ++bit) {
      if (graph >> bit & 1) edges.emplace_back(a, b);
    }
  }
  return edges;
}

TEST(Flood, ReachesExactlyTheBallInEveryConnectedGraphOfUpToFivePeers) {
  std::size_t connected = 0;
  for (std::size_t peers = 1; peers <= 5; ++peers) {
    for (std::uint32_t graph = 0; graph < 1u << (peers * (peers - 1) / 2); ++graph) {
      for (std::uint16_t ttl = 1; ttl <= 4; ++ttl) {
        NetOfPeers net(peers, still());
        for (const auto& [a, b] : edges_of(peers, graph)) net.link(a, b);
        if (net.unreached_from(0) > 0) break;
        connected += ttl == 1;
        ASSERT_EQ(reached_by_flood(net, 0, ttl), ball(net, 0, ttl))
            << "graph " << graph << " of " << peers << ", ttl " << ttl;
      }
    }
  }
  EXPECT_EQ(connected, 1u + 1 + 4 + 38 + 728);  // labelled connected graphs, OEIS A001187
}

TEST(Flood, ReachesExactlyTheBallInRandomGraphs) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Random random = Random::stream(seed, 0, 7);
    NetOfPeers net(300, still(/*active_size=*/30));
    for (int links = 0; links < 450; ++links) {
      const std::size_t a = random.below(300), b = random.below(300);
      if (a != b) net.link(a, b);
    }
    const auto ttl = static_cast<std::uint16_t>(1 + random.below(limits::kMaxFloodTtl));
    ASSERT_EQ(reached_by_flood(net, 0, ttl), ball(net, 0, ttl)) << "ttl " << ttl;
    std::size_t links = 0;
    for (std::size_t i : ball(net, 0, ttl)) links += net.peer(i).neighbors().size();
    EXPECT_LE(net.messages(), links);  // each link at most once in each direction
  }
}

TEST(Flood, ReachesExactlyTheBallInTheViewsThatTheProtocolBuilt) {
  NetOfPeers net(300, still(/*active_size=*/5));  // no rewiring while the query is on its way
  for (std::size_t i = 1; i < net.size(); ++i) {
    net.join(i, {peer_id(0)});
    net.run_for(100ms);
  }
  net.run_for(30s);
  for (int moment = 0; moment < 50 && !net.views_are_symmetric(); ++moment) net.run_for(37ms);
  ASSERT_TRUE(net.views_are_symmetric());
  EXPECT_EQ(reached_by_flood(net, 17, 4), ball(net, 17, 4));
}

class Relay : public ::testing::Test {
 protected:
  Query query(std::uint16_t ttl, std::uint16_t hops, std::uint64_t id = 1) {
    return {{id, id},
            std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kFlood)),
            StrategyKind::kFlood,
            ttl,
            hops};
  }
  OnePeer peer_;
};

TEST_F(Relay, PassesAQueryToEverybodyButTheSender) {
  peer_.befriend({1, 2, 3});
  EXPECT_EQ(peer_.receive(2, query(3, 2)),
            (OnePeer::Lines{"send 1 Query #0000 'a' ttl 2 hops 3", "send 3 Query #0000 'a' ttl 2 hops 3",
                            "look up #0000 'a'"}));
}

TEST_F(Relay, DropsACopyWithoutAWord) {
  peer_.befriend({1, 2, 3});
  peer_.receive(2, query(3, 2));
  EXPECT_TRUE(peer_.receive(3, query(3, 2)).empty());
  EXPECT_EQ(peer_->counters().duplicates, 1u);
}

TEST_F(Relay, EndsWithTtlZero) {
  peer_.befriend({1, 2, 3});
  EXPECT_EQ(peer_.receive(2, query(0, 4)), (OnePeer::Lines{"look up #0000 'a'"}));
}

TEST_F(Relay, NeverLetsHopsAndTtlExceedSeven) {
  peer_.befriend({1, 2});
  std::uint64_t id = 1;
  for (std::uint16_t hops = 1; hops <= 9; ++hops) {
    for (const std::uint16_t ttl : std::initializer_list<std::uint16_t>{0, 1, 3, 7, 8, 255, 65535}) {
      const Query hostile = query(ttl, hops, id++);
      const auto lines = peer_.receive(1, hostile);
      const int left = std::min<int>(ttl, 7 - hops);  // what may be left to cross, below 0: the query is impossible
      EXPECT_EQ(count(lines, "look up"), left >= 0 ? 1u : 0u);
      EXPECT_EQ(count(lines, "send"), left > 0 ? 1u : 0u);
      EXPECT_EQ(count_ending(lines, fmt::format("ttl {} hops {}", left - 1, hops + 1)), left > 0 ? 1u : 0u);
    }
  }
}

TEST_F(Relay, RefusesAQueryThatCrossedNoLinkAndAStrategyFromTheFuture) {
  peer_.befriend({1, 2});
  EXPECT_TRUE(peer_.receive(1, query(3, 0)).empty());
  Query unknown = query(3, 1);
  unknown.strategy = static_cast<StrategyKind>(200);
  EXPECT_TRUE(peer_.receive(1, unknown).empty());
  EXPECT_EQ(peer_->counters().refused, 2u);
}

}  // namespace
}  // namespace earshot::overlay
