// Crowds: what the membership promises of a whole network. Every test also checks, after each call of each peer, that
// links and active view agree and that the views keep their invariants (net_of_peers.h).
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

/// Everybody joins through peer 0, `gap` apart.
void join_all(NetOfPeers& net, Duration gap) {
  for (std::size_t i = 1; i < net.size(); ++i) {
    net.join(i, {peer_id(0)});
    net.run_for(gap);
  }
}

double mean_degree(const NetOfPeers& net) {
  std::size_t links = 0, living = 0;
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (!net.is_alive(i)) continue;
    links += net.peer(i).neighbors().size();
    ++living;
  }
  return static_cast<double>(links) / static_cast<double>(living);
}

TEST(Crowd, OfAThousandJoinsThroughOneContactAndIsConnected) {
  NetOfPeers net(1000, {});
  join_all(net, 10ms);
  net.run_for(30s);
  EXPECT_EQ(net.unreached_from(0), 0u);
  EXPECT_TRUE(net.views_are_symmetric());
  EXPECT_GT(mean_degree(net), 4.5);
}

TEST(Crowd, ThatJoinsAtOnceIsConnected) {
  NetOfPeers net(1000, {});
  join_all(net, Duration::zero());
  net.run_for(30s);
  EXPECT_EQ(net.unreached_from(0), 0u);
  EXPECT_TRUE(net.views_are_symmetric());
}

TEST(Crowd, IsConnectedAgainAfterThirtyPercentCrash) {
  NetOfPeers net(1000, {});
  join_all(net, 10ms);
  net.run_for(60s);
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (i % 10 < 3) net.crash(i);
  }
  net.run_for(20s);
  EXPECT_EQ(net.unreached_from(5), 0u);
  EXPECT_TRUE(net.views_are_symmetric());
}

}  // namespace
}  // namespace earshot::overlay
