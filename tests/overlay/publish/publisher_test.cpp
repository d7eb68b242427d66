// Digests find their hosts, stay while their owners are there, and go when they are not.
#include "overlay/publish/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SharedDigests digests(std::size_t shards = 1) {
  return std::make_shared<const std::vector<SharedDigest>>(shards, std::make_shared<const Bytes>());
}

Publish publish_of(std::size_t owner, std::uint64_t id, std::uint32_t visits, std::uint8_t walk = 0, std::uint8_t hops = 1) {
  return {{id, id}, std::make_shared<const Bytes>(), peer_id(owner), visits, 600, walk, hops};
}

TEST(Publisher, WaitsUntilItsOwnerHasBeenHereForAWhile) {
  Config config;
  config.shuffle_period = 24h;
  OnePeer peer(config);
  peer.befriend({1, 2, 3});
  peer.publish(digests());
  EXPECT_THAT(peer.pass(config.publish_after - 1us), IsEmpty());
  EXPECT_EQ(count(peer.pass(1us), "send"), 3u) << "over all links";
  EXPECT_THAT(peer.pass(config.digest_life * 2 / 3 - 1us), IsEmpty());
  EXPECT_EQ(count(peer.pass(config.digest_life), "send"), config.digest_parts) << "then a part each period";
}

TEST(Publisher, SpreadsEachShardByItself) {
  Config config;
  config.shuffle_period = 24h;
  config.publish_after = Duration::zero();
  OnePeer peer(config);
  peer.befriend({1, 2, 3});
  peer.publish(digests(4));
  EXPECT_EQ(count(peer.pass(1ms), "send"), 4u * 3);
  const auto part = peer.pass(config.digest_life * 2 / 3);
  EXPECT_EQ(count(part, "send"), 4u) << "each shard on a walk of its own";
  EXPECT_NE(part.front().find("walk"), std::string::npos);
  peer.publish(nullptr);
  EXPECT_THAT(peer.pass(2h), IsEmpty());
}

TEST(Publisher, HostsWhatItGetsFirstAndPassesTheRestOn) {
  OnePeer peer;
  peer.befriend({1, 2, 3});
  const auto lines = peer.receive(1, publish_of(9, 1, 3));
  EXPECT_EQ(lines.front(), "host the digest of 9 until 600 s");
  EXPECT_EQ(count_ending(lines, "visits 1 for 600 s"), 2u);
  EXPECT_EQ(count(peer.receive(2, publish_of(9, 1, 3)), "host"), 0u) << "it has been here";
  EXPECT_THAT(peer.receive(1, publish_of(9, 2, 1)), ElementsAre("host the digest of 9 until 600 s"));
}

TEST(Publisher, PassesAWalkOnWithoutHosting) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, publish_of(9, 1, 30, /*walk=*/2)), ElementsAre("send 2 Publish of 9 visits 30 walk 1 for 600 s"));
  EXPECT_THAT(peer.receive(1, publish_of(9, 1, 30, /*walk=*/250)),
              ElementsAre("send 2 Publish of 9 visits 30 walk 1 for 600 s"));
}

TEST(Publisher, RefusesWhatStrangersPublishAndWhatIsImpossible) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(7, publish_of(9, 1, 3)), ElementsAre("send 7 Leave"));
  EXPECT_THAT(peer.receive(1, publish_of(9, 1, 3, 0, /*hops=*/0)), IsEmpty());
  EXPECT_THAT(peer.receive(1, publish_of(9, 1, 3, 0, /*hops=*/limits::kMaxBubbleHops + 1)), IsEmpty());
  EXPECT_THAT(peer.receive(1, publish_of(0, 1, 3)), IsEmpty()) << "our own comes back";
  EXPECT_THAT(peer.receive(1, publish_of(9, 3, 0)), IsEmpty()) << "nobody is to be reached any more";
}

TEST(Publisher, KeepsNothingLongerThanItsConfigurationSays) {
  Config config;
  OnePeer peer(config);
  peer.befriend({1});
  Publish message = publish_of(9, 1, 1);
  message.life_s = 65535;
  EXPECT_THAT(peer.receive(1, message), ElementsAre("host the digest of 9 until 3600 s"));
}

TEST(Publisher, HostsAtItsRateAndPassesOnWhatIsTooMuch) {
  Config config;
  config.hosted_per_minute = 60;
  OnePeer peer(config);
  peer.befriend({1, 2});
  std::size_t hosted = 0, passed = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto lines = peer.receive(1, publish_of(9 + i, 10 + i, 1));
    hosted += count(lines, "host");
    passed += count(lines, "send");
  }
  EXPECT_NEAR(static_cast<double>(hosted), 600, 2);
  EXPECT_EQ(hosted + passed, 2000u);
}

TEST(Publisher, OfOneWhoDoesNotHostPassesAllOn) {
  Config config;
  config.hosts = false;
  OnePeer peer(config);
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, publish_of(9, 1, 30)), ElementsAre("send 2 Publish of 9 visits 30 for 600 s"));
}

TEST(Publisher, HoldsItsCopiesAliveWhileHostsComeAndGo) {
  NetOfPeers::Options options;
  options.config.active_size = 8;
  options.config.estimate_period = Duration::zero();
  options.config.publish_after = 1s;
  options.config.shuffle_period = 2min;
  NetOfPeers net(240, options);
  NetworkView network;
  network.peers = 240;
  network.degree = 8;
  net.assume(network);
  for (std::size_t i = 0; i < net.size(); ++i) {
    net.join(i, i == 0 ? std::vector<PeerId>{} : std::vector<PeerId>{peer_id(i / 2)});
    net.run_for(20ms);
  }
  net.publish(5);
  net.run_for(1min);
  const double wanted = digest_copies(network, options.config.lambda_permille);
  EXPECT_GE(static_cast<double>(net.hosts_of(5)), wanted);
  double sum = 0;
  for (int i = 0; i < 12; ++i) {
    net.crash(10 + static_cast<std::size_t>(i) * 6);
    net.run_for(10min);
    sum += static_cast<double>(net.hosts_of(5));
  }
  EXPECT_GE(sum / 12, wanted * 0.95);
  EXPECT_LE(sum / 12, wanted * 1.5);
  net.crash(5);
  net.run_for(60min);
  EXPECT_EQ(net.hosts_of(5), 0u);
}

}  // namespace
}  // namespace earshot::overlay
