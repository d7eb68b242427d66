// Walkers: how many steps, which way, and who looks.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

void make_random_graph(NetOfPeers& net, std::uint64_t seed, std::size_t links) {
  Random random = Random::stream(seed, 0, 7);
  for (std::size_t i = 1; i < net.size(); ++i) net.link(i, random.below(i));  // a tree, so it is connected
  while (links-- > 0) {
    const std::size_t a = random.below(net.size()), b = random.below(net.size());
    if (a != b) net.link(a, b);
  }
}

TEST(Walk, TakesWalkersTimesTtlStepsExactly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    NetOfPeers net(100, still(/*active_size=*/60));
    make_random_graph(net, seed, 200);
    const auto walkers = static_cast<std::uint8_t>(1 + seed);
    net.ask(0, request_for("any", StrategyKind::kWalk, /*ttl=*/50, walkers));
    net.run_for(10s);
    EXPECT_EQ(net.messages(), walkers * 50u) << "seed " << seed;
  }
}

TEST(Walk, LooksOnceAtEachPeerHoweverOftenItPasses) {
  NetOfPeers net(10, still());
  net.draw("0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8 8-9 9-0");
  net.ask(0, request_for("any", StrategyKind::kWalk, /*ttl=*/100, /*walkers=*/4));
  net.run_for(20s);
  for (std::size_t i = 0; i < net.size(); ++i) EXPECT_EQ(net.lookups(i), 1u) << i;
}

TEST(Walk, DoesNotStepBackWhereThereIsAnotherWay) {
  NetOfPeers net(10, still());
  net.draw("0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8 8-9 9-0");
  std::vector<std::size_t> steps;
  net.on_effect = [&](PeerId, const Effect& effect) {
    if (const auto* send = std::get_if<Send>(&effect)) steps.push_back(to_number(send->to));
  };
  net.ask(0, request_for("any", StrategyKind::kWalk, /*ttl=*/30, /*walkers=*/1));
  net.run_for(10s);
  ASSERT_EQ(steps.size(), 30u);
  const std::size_t direction = steps[0] == 1 ? 1 : 9;
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], (i + 1) * direction % 10);
}

TEST(Walk, StepsBackAtADeadEnd) {
  NetOfPeers net(3, still());
  net.draw("0-1 1-2");
  net.ask(0, request_for("any", StrategyKind::kWalk, /*ttl=*/9, /*walkers=*/1));
  net.run_for(10s);
  EXPECT_EQ(net.messages(), 9u);
}

TEST(Walk, SpreadsItsWalkersOverTheNeighborsEvenly) {
  OnePeer peer;
  peer.befriend({1, 2, 3});
  peer.ask(request_for("any", StrategyKind::kWalk, 5, /*walkers=*/8));
  std::map<PeerId, int> first_steps;
  for (const Effect& effect : peer.out) {
    if (const auto* send = std::get_if<Send>(&effect)) ++first_steps[send->to];
  }
  ASSERT_EQ(first_steps.size(), 3u);
  for (const auto& [peer_number, walkers] : first_steps) EXPECT_GE(walkers, 2);
}

TEST(Walk, ChoosesEachOtherNeighborEquallyOften) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kWalk));
  std::map<std::string, int> steps;
  for (int i = 0; i < 4000; ++i) {
    ++steps[peer.receive(3, Query{{1, 1}, request, StrategyKind::kWalk, 9, 2}).at(0).substr(0, 6)];
  }
  EXPECT_EQ(steps.size(), 4u);
  EXPECT_FALSE(steps.contains("send 3"));
  for (const auto& [step, times] : steps) EXPECT_NEAR(times, 1000, 110) << step;  // 4 sigma
}

TEST(Walk, NeverGoesFartherThanItsLimit) {
  OnePeer peer;
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kWalk));
  EXPECT_EQ(peer.receive(1, Query{{1, 1}, request, StrategyKind::kWalk, 65535, 1000}).at(0),
            "send 2 Query #0000 'a' ttl 23 hops 1001");
  EXPECT_TRUE(peer.receive(1, Query{{2, 2}, request, StrategyKind::kWalk, 65535, 1025}).empty());
}

TEST(Walk, GoesNowhereWithoutANeighbor) {
  OnePeer peer;
  peer.ask(request_for("any", StrategyKind::kWalk));
  EXPECT_EQ(count(peer.take(), "send"), 0u);
}

}  // namespace
}  // namespace earshot::overlay
