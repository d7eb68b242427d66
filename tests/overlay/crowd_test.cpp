// Crowds: what the membership promises of a whole network. Every test also checks, after each call of each peer, that
// links and active view agree and that the views keep their invariants (net_of_peers.h).
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "overlay/describe.h"
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

std::size_t links(const NetOfPeers& net) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < net.size(); ++i) count += net.is_alive(i) ? net.peer(i).neighbors().size() : 0;
  return count;
}

/// Symmetric at some moment soon: at any moment some acceptance may be on its way.
bool becomes_symmetric(NetOfPeers& net) {
  for (int moment = 0; moment < 50; ++moment) {
    if (net.views_are_symmetric()) return true;
    net.run_for(37ms);
  }
  return false;
}

TEST(Crowd, OfAThousandJoinsThroughOneContactAndIsConnected) {
  NetOfPeers net(1000, {});
  join_all(net, 10ms);
  net.run_for(30s);
  EXPECT_EQ(net.unreached_from(0), 0u);
  EXPECT_TRUE(becomes_symmetric(net));
  EXPECT_GT(links(net), 4750u);  // of 5,000 places
}

TEST(Crowd, ThatJoinsInOneInstantIsConnectedAfterASecond) {
  NetOfPeers net(1000, {});
  join_all(net, Duration::zero());
  net.run_for(1s);
  EXPECT_EQ(net.unreached_from(0), 0u);
  EXPECT_LT(net.messages(), 20'000u);  // 20 for each: no storm at the only contact
  net.run_for(60s);
  EXPECT_TRUE(becomes_symmetric(net));
}

TEST(Crowd, OfAnySmallSizeIsConnectedAndSymmetric) {
  for (std::size_t size = 1; size <= 12; ++size) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      NetOfPeers::Options options;
      options.seed = seed;
      NetOfPeers net(size, options);
      join_all(net, Duration::zero());
      net.run_for(40s);
      ASSERT_EQ(net.unreached_from(0), 0u) << "size " << size << " seed " << seed;
      ASSERT_TRUE(becomes_symmetric(net)) << "size " << size << " seed " << seed;
    }
  }
}

TEST(Crowd, IsConnectedAgainAfterThirtyPercentCrash) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    NetOfPeers::Options options;
    options.seed = seed;
    NetOfPeers net(1000, options);
    join_all(net, 10ms);
    net.run_for(60s);
    for (std::size_t i = 0; i < net.size(); ++i) {
      if (i % 10 < 3) net.crash(i);  // the contact too
    }
    net.run_for(5s);
    EXPECT_EQ(net.unreached_from(5), 0u) << "seed " << seed;
    EXPECT_TRUE(becomes_symmetric(net)) << "seed " << seed;
    EXPECT_GT(links(net), 700 * 9 / 2) << "seed " << seed;
  }
}

TEST(Crowd, HealsWhatLossReorderingAndRepetitionHaveDone) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    NetOfPeers::Options options;
    options.seed = seed;
    options.loss_percent = 20;
    options.repeat_percent = 20;
    options.jitter = 300ms;
    NetOfPeers net(100, options);
    join_all(net, 20ms);
    net.run_for(200s);
    net.set_loss(0);
    net.run_for(300s);
    EXPECT_EQ(net.unreached_from(0), 0u) << "seed " << seed;
    EXPECT_TRUE(becomes_symmetric(net)) << "seed " << seed;
  }
}

TEST(Crowd, OfPeersThatForgotEverybodyComesBackThroughTheContact) {
  NetOfPeers net(20, {});
  join_all(net, 10ms);
  net.run_for(30s);
  for (std::size_t i = 0; i < net.size(); ++i) {
    for (std::size_t other = 0; other < net.size(); ++other) {
      if (other != i) net.report_lost(i, other);
    }
    ASSERT_TRUE(net.peer(i).neighbors().empty());
  }
  net.run_for(30s);
  EXPECT_EQ(net.unreached_from(0), 0u);
  EXPECT_TRUE(becomes_symmetric(net));
}

/// Two cliques whose views are full, each with the names of the other in reserve: what a storm of joins leaves behind.
TEST(Crowd, OfTwoIslandsThatKnowOfEachOtherGrowsTogether) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    NetOfPeers::Options options;
    options.seed = seed;
    NetOfPeers net(12, options);
    for (std::size_t a = 0; a < 12; ++a) {
      for (std::size_t b = a + 1; b < 12; ++b) {
        if (a / 6 == b / 6) net.link(a, b);
      }
    }
    for (std::size_t i = 0; i < 12; ++i) {
      const std::size_t neighbor = i / 6 * 6 + (i + 1) % 6, stranger = (i + 6) % 12;
      net.inject(i, neighbor, Shuffle{peer_id(stranger), /*ttl=*/0, {}});
    }
    ASSERT_EQ(net.unreached_from(0), 6u);
    net.run_for(60s);
    EXPECT_EQ(net.unreached_from(0), 0u) << "seed " << seed;
  }
}

/// A thousand peers join within one latency, through peers that have hardly joined themselves.
TEST(Crowd, ThatJoinsInAStormThroughEachOtherIsConnected) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    NetOfPeers::Options options;
    options.seed = seed;
    NetOfPeers net(1000, options);
    Random random = Random::stream(seed, 0, /*purpose=*/98);
    for (std::size_t i = 1; i < net.size(); ++i) {
      net.join(i, {peer_id(random.below(i)), peer_id(random.below(i))});
      net.run_for(20us);
    }
    net.run_for(60s);
    EXPECT_EQ(net.unreached_from(0), 0u) << "seed " << seed;
  }
}

/// One half has no contact on its own side, and hardly a name of the other side left in its passive views.
TEST(Crowd, OfTwoHalvesThatWerePartedForMinutesComesTogetherAgain) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    NetOfPeers::Options options;
    options.seed = seed;
    NetOfPeers net(200, options);
    join_all(net, 10ms);
    net.run_for(60s);
    net.part(100);
    net.run_for(10min);
    EXPECT_EQ(net.unreached_from(0), 100u) << "seed " << seed;
    EXPECT_EQ(net.unreached_from(100), 100u) << "seed " << seed;
    net.heal();
    net.run_for(2min);
    EXPECT_EQ(net.unreached_from(0), 0u) << "seed " << seed;
    net.run_for(2min);  // and stays so
    EXPECT_EQ(net.unreached_from(0), 0u) << "seed " << seed;
  }
}

/// A period costs each peer a shuffle (6 steps and a reply) and a tenth of a rewiring; no period is a storm.
TEST(Crowd, ThatIsCompleteStaysQuiet) {
  NetOfPeers::Options options;
  options.config.estimate_period = Duration::zero();
  NetOfPeers net(200, options);
  join_all(net, 10ms);
  net.run_for(2min);
  for (int period = 0; period < 60; ++period) {
    const std::uint64_t before = net.messages();
    net.run_for(10s);
    EXPECT_LT(net.messages() - before, 200u * 10) << "period " << period;
  }
  EXPECT_GT(links(net), 200u * 47 / 10);
}

TEST(Crowd, LosesAPeerThatLeaves) {
  NetOfPeers net(50, {});
  join_all(net, 10ms);
  net.run_for(30s);
  net.leave(7);
  net.run_for(60s);
  EXPECT_TRUE(net.peer(7).neighbors().empty());
  for (std::size_t i = 0; i < net.size(); ++i) {
    for (PeerId neighbor : net.peer(i).neighbors()) EXPECT_NE(neighbor, peer_id(7));
  }
}

/// Everything that everybody did, as text.
std::string history(std::uint64_t seed) {
  NetOfPeers::Options options;
  options.seed = seed;
  options.loss_percent = 5;
  options.jitter = 30ms;
  NetOfPeers net(60, options);
  std::string text;
  net.on_effect = [&](PeerId peer, const Effect& effect) {
    text += fmt::format("{} {} {}\n", net.now().time_since_epoch().count(), to_number(peer), describe(effect));
  };
  net.library = [](PeerId peer, const SearchRequest&) { return std::vector<Hit>{hit_at(peer, 1)}; };
  join_all(net, 15ms);
  net.ask(3, request_for("a", StrategyKind::kFlood));
  net.ask(4, request_for("b", StrategyKind::kWalk));
  net.run_for(20s);
  return text;
}

TEST(Crowd, DoesTheSameThingsInTheSameOrderUnderTheSameSeed) {
  const std::string first = history(1);
  EXPECT_GT(first.size(), 100'000u);
  EXPECT_EQ(first, history(1));
  EXPECT_NE(first, history(2));
}

}  // namespace
}  // namespace earshot::overlay
