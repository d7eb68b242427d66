// What peers come to believe of the network's size: everybody the same, and the truth.
#include "overlay/estimate/estimates.h"

#include <gtest/gtest.h>

#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

NetOfPeers::Options quiet() {
  NetOfPeers::Options options;
  options.config.active_size = 8;
  options.config.shuffle_period = 1min;
  return options;
}

/// Joins one after the other; everybody finds a few neighbors.
void populate(NetOfPeers& net, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    net.join(i, i == 0 ? std::vector<PeerId>{} : std::vector<PeerId>{peer_id(i / 2)});
    net.run_for(20ms);
  }
}

TEST(Estimates, OfTheSizeAreRightAtEveryPeerAfterAnEpoch) {
  NetOfPeers net(300, quiet());
  populate(net, 300);
  net.run_for(17min);
  for (std::size_t i = 0; i < net.size(); ++i) {
    EXPECT_NEAR(net.peer(i).network().peers, 300, 15) << i;
    EXPECT_NEAR(net.peer(i).network().degree, 7, 1) << i;
  }
}

TEST(Estimates, FollowANetworkThatShrinks) {
  NetOfPeers net(100, quiet());
  populate(net, 100);
  net.run_for(20min);
  for (std::size_t i = 50; i < 100; ++i) net.crash(i);
  net.run_for(50min);  // the median of three follows in the second epoch that begins after it
  for (std::size_t i = 0; i < 50; ++i) EXPECT_NEAR(net.peer(i).network().peers, 50, 10) << i;
}

TEST(Estimates, OfAPeerAloneAreOne) {
  NetOfPeers net(1, {});
  net.join(0, {});
  net.run_for(16min);
  EXPECT_EQ(net.peer(0).network().peers, 1u);
}

TEST(Estimates, OfANewcomerComeWithTheEndOfTheEpochThatItFound) {
  NetOfPeers net(101, quiet());
  populate(net, 100);
  net.run_for(40min);
  net.join(100, {peer_id(50)});
  net.run_for(16min);
  EXPECT_NEAR(net.peer(100).network().peers, 100, 10);
}

TEST(Estimates, OfNeighborsServeUntilThereAreOnesOfOurOwn) {
  NetOfPeers net(101, quiet());
  populate(net, 100);
  net.run_for(40min);
  net.join(100, {peer_id(50)});
  net.run_for(2min);
  EXPECT_NEAR(net.peer(100).network().peers, 100, 10);
}

/// A newcomer whom nobody tells of the epoch would halve his shares away and take what rounding left for a network of billions.
TEST(Estimates, OfNewcomersAreNeverWildHoweverManyComeAndGo) {
  NetOfPeers net(160, quiet());
  populate(net, 120);
  net.run_for(20min);
  for (std::size_t i = 120; i < 160; ++i) {
    net.crash(i - 120);
    net.join(i, {peer_id(i - 60)});
    net.run_for(30s);
    for (std::size_t one = i - 119; one <= i; ++one) ASSERT_LT(net.peer(one).network().peers, 360u) << one << " after " << i;
  }
  net.run_for(40min);
  for (std::size_t i = 40; i < 160; ++i) EXPECT_NEAR(net.peer(i).network().peers, 120, 24) << i;
}

TEST(Estimates, AnswerWhoIsAnEpochBehindWithTheirOwnAndNoShareOfIt) {
  Config config;
  Counters counters;
  Outbox out;
  Random random = Random::stream(1, 0, 0);
  Estimates a;
  Turn turn{Instant{}, peer_id(0), config, a.view(), random, counters, a.meetings(), out};
  a.start(turn);
  for (int round = 0; round <= Estimates::kRounds; ++round) {
    turn.now = a.next_deadline();
    a.tick(turn, {});
  }
  ASSERT_TRUE(out.empty());
  a.receive(turn, peer_id(7), Estimate{0, 0, 5, std::make_shared<const Shares>()}, 3);
  ASSERT_EQ(out.size(), 1u);
  const Send& answer = std::get<Send>(out.front());
  EXPECT_EQ(answer.to, peer_id(7));
  EXPECT_EQ(std::get<Estimate>(answer.message).epoch, 1u);
  EXPECT_EQ(std::get<Estimate>(answer.message).peers, 1u);
  EXPECT_EQ(*std::get<Estimate>(answer.message).shares, Shares{});
}

TEST(Estimates, LoseNoShareAndMakeNone) {
  Config config;
  Counters counters;
  Outbox out;
  Random random = Random::stream(1, 0, 0);
  Estimates a;
  Turn turn{Instant{}, peer_id(0), config, a.view(), random, counters, a.meetings(), out};
  a.start(turn);
  const std::vector<PeerId> neighbors = {peer_id(1)};
  std::uint64_t sent = 0;
  for (int round = 0; round < 50; ++round) {
    turn.now = a.next_deadline();
    a.tick(turn, neighbors);
    sent += std::get<Estimate>(std::get<Send>(out.back()).message).shares->weight;
  }
  EXPECT_LT(sent, std::uint64_t{1} << 62);
  EXPECT_GE(sent, (std::uint64_t{1} << 62) - (1 << 12) - 1);
}

TEST(Estimates, ChangeByAFactorAnEpochAtMostWhateverANeighborClaims) {
  Config config;
  Counters counters;
  Outbox out;
  Random random = Random::stream(1, 0, 0);
  Estimates a;
  Turn turn{Instant{}, peer_id(0), config, a.view(), random, counters, a.meetings(), out};
  a.start(turn);
  std::uint32_t last = 0;
  for (int round = 0; round < 400; ++round) {
    turn.now = a.next_deadline();
    a.tick(turn, {});
    auto lie = std::make_shared<Shares>();
    lie->weight = 1;
    lie->peers = ~std::uint64_t{0};
    lie->met = ~std::uint64_t{0};
    a.receive(turn, peer_id(1), Estimate{static_cast<std::uint32_t>(round), 1000, ~std::uint64_t{0}, lie}, 3);
    if (last != 0) {
      EXPECT_LE(a.view().peers, std::uint64_t{last} * Estimates::kStep);
    }
    last = a.view().peers;
  }
}

TEST(Estimates, AreNotMadeByWhoDoesNotTakePart) {
  Config config;
  Counters counters;
  Outbox out;
  Random random = Random::stream(1, 0, 0);
  Estimates a;
  Turn turn{Instant{}, peer_id(0), config, a.view(), random, counters, a.meetings(), out};
  a.receive(turn, peer_id(1), Estimate{5, 5, 5, std::make_shared<const Shares>()}, 3);
  EXPECT_EQ(a.next_deadline(), kNever);
  EXPECT_EQ(a.view(), NetworkView{});
}

}  // namespace
}  // namespace earshot::overlay
