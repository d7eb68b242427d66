// Rule 12 of membership.h, sentence by sentence, and what attackers get out of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "overlay/membership/address_groups.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;

/// Three slots that we choose for, three that we grant.
Config split_views() {
  Config config;
  config.active_size = 6;
  config.outbound_size = 3;
  config.passive_size = 8;
  return config;
}

/// Neighbors of our own choice: asked as contacts, who accept.
void choose(OnePeer& peer, std::vector<std::size_t> contacts) {
  for (const std::size_t contact : contacts) {
    peer.join({peer_id(contact)});
    peer.receive(contact, NeighborReply{/*accepted=*/true});
  }
}

std::set<std::size_t> neighbors_of(const OnePeer& peer) {
  std::set<std::size_t> numbers;
  for (const PeerId neighbor : peer->neighbors()) numbers.insert(to_number(neighbor));
  return numbers;
}

TEST(SplitViews, WhoeverAsksNeverEvictsWhomWeChose) {
  OnePeer peer(split_views());
  choose(peer, {1, 2, 3});
  ASSERT_THAT(neighbors_of(peer), ElementsAre(1, 2, 3));
  for (std::size_t stranger = 100; stranger < 400; ++stranger) {
    peer.receive(stranger, Join{});
    peer.receive(stranger, Neighbor{/*high_priority=*/true});
    peer.pass(1s);
  }
  EXPECT_THAT(neighbors_of(peer), IsSupersetOf({1, 2, 3}));
  EXPECT_EQ(peer->neighbors().size(), 6u);
}

TEST(SplitViews, JoinsEvictTwiceAPeriodAndThenGetNamesInstead) {
  OnePeer peer(split_views());
  choose(peer, {1, 2, 3});
  for (const std::size_t other : {11, 12, 13}) peer.receive(other, Neighbor{false});
  peer.hear_of(1, {50, 51, 52, 53});
  EXPECT_THAT(peer.receive(21, Join{}), Contains("send 21 NeighborReply accepted"));
  EXPECT_THAT(peer.receive(22, Join{}), Contains("send 22 NeighborReply accepted"));
  const auto third = peer.receive(23, Join{});
  EXPECT_THAT(third, Contains("send 23 NeighborReply refused"));
  EXPECT_EQ(count(third, "send 23 ShuffleReply"), 1u);
  EXPECT_GE(count(third, "send"), 3u) << "and his walks begin";
  EXPECT_LE(count(third, "send"), 2 + Membership::kWalks);
}

TEST(SplitViews, WhoRefusesStaysInReserve) {
  OnePeer peer(split_views());
  choose(peer, {1});
  peer.hear_of(1, {50});
  peer.receive(50, NeighborReply{/*accepted=*/false});
  EXPECT_THAT(peer->passive_view(), Contains(peer_id(50)));
}

TEST(SplitViews, ANewcomerAtTheEndOfHisWalkGetsNoSlotThatIsOurs) {
  OnePeer peer(split_views());
  choose(peer, {1, 2, 3});
  for (std::size_t newcomer = 100; newcomer < 200; ++newcomer) {
    peer.receive(1, ForwardJoin{peer_id(newcomer), 0});
    peer.receive(newcomer, NeighborReply{/*accepted=*/true});
  }
  EXPECT_THAT(neighbors_of(peer), IsSupersetOf({1, 2, 3}));
}

TEST(SplitViews, KeepTheSameNamesHoweverOftenOthersAreRepeated) {
  Config config = split_views();
  config.passive_size = 60;
  OnePeer peer(config);
  choose(peer, {1, 2, 3});
  std::vector<std::size_t> honest, attackers;
  for (std::size_t i = 0; i < 900; ++i) honest.push_back(1000 + i);
  for (std::size_t i = 0; i < 100; ++i) attackers.push_back(10'000 + i);
  peer.hear_of(1, honest);
  for (int again = 0; again < 30; ++again) peer.hear_of(2, attackers);
  const auto passive = peer->passive_view();
  const auto theirs = std::count_if(passive.begin(), passive.end(), [](PeerId name) { return to_number(name) >= 10'000; });
  EXPECT_GT(passive.size(), 55u);
  EXPECT_LE(theirs, 14) << "a tenth of the names, a tenth of the view: 6, give or take";
}

class Hundreds final : public AddressGroups {
 public:
  std::uint64_t group_of(PeerId peer) const override { return to_number(peer) / 100; }
};

TEST(SplitViews, AGroupOfAddressesHasOnePlace) {
  const Hundreds groups;
  Config config = split_views();
  config.passive_size = 60;
  config.groups = &groups;
  OnePeer peer(config);
  choose(peer, {1, 2, 3});
  std::vector<std::size_t> names;
  for (std::size_t i = 0; i < 100; ++i) names.push_back(500 + i);
  peer.hear_of(1, names);
  EXPECT_LE(peer->passive_view().size(), 2u) << "one of them, and who told us";
}

TEST(SplitViews, FeelWhetherANameCanBeReachedAndForgetItOneTimeInEightIfNot) {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    OnePeer peer(split_views(), seed);
    choose(peer, {1, 2, 3});
    peer.hear_of(1, {50});
    EXPECT_THAT(peer.pass(15s), Contains("send 50 Leave"));
    peer.lost(50);
    const auto passive = peer->passive_view();
    kept += static_cast<int>(std::count(passive.begin(), passive.end(), peer_id(50)));
  }
  // Asked twice in vain, by the first shuffle's rewiring and by the feeler: 400 x 7/8 x 7/8, 4 sigma.
  EXPECT_NEAR(kept, 306, 34);
}

TEST(SplitViews, ForgetWhoCannotBeReachedAtOnceWhenHalfOfTheSlotsAreLost) {
  OnePeer peer(split_views());
  choose(peer, {1, 2});
  peer.hear_of(1, {50});
  peer.lost(50);
  const auto passive = peer->passive_view();
  EXPECT_EQ(std::count(passive.begin(), passive.end(), peer_id(50)), 0);
}

TEST(SplitViews, ALostNeighborStaysInReserve) {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    OnePeer peer(split_views(), seed);
    choose(peer, {1, 2, 3});
    peer.receive(11, Neighbor{false});
    peer.lost(11);
    const auto passive = peer->passive_view();
    kept += static_cast<int>(std::count(passive.begin(), passive.end(), peer_id(11)));
  }
  EXPECT_GT(kept, 70);
}

/// 200 peers, 20 of whom join through everybody again and again and keep every link; the others shuffle as they should.
TEST(SplitViews, ACrowdStaysInOnePieceWithAttackersInIt) {
  NetOfPeers::Options options;
  options.config = among_strangers();
  options.config.active_size = 15;
  options.config.outbound_size = 5;
  options.config.estimate_period = Duration::zero();
  NetOfPeers net(200, options);
  for (std::size_t i = 1; i < net.size(); ++i) {
    net.join(i, {peer_id(i / 2), peer_id(0)});
    net.run_for(50ms);
  }
  Random random = Random::stream(7, 0, 1);
  for (int round = 0; round < 60; ++round) {
    for (std::size_t attacker = 180; attacker < 200; ++attacker) net.inject(random.below(180), attacker, Join{});
    net.run_for(2s);
  }
  std::size_t eclipsed = 0;
  for (std::size_t i = 0; i < 180; ++i) {
    const auto neighbors = net.peer(i).neighbors();
    eclipsed += std::none_of(neighbors.begin(), neighbors.end(), [](PeerId one) { return to_number(one) < 180; });
  }
  EXPECT_EQ(eclipsed, 0u);
  EXPECT_EQ(net.unreached_from(0), 0u);
}

}  // namespace
}  // namespace earshot::overlay
