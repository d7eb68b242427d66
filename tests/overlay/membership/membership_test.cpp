// The rules of membership.h at one peer: what strangers, liars and bad luck cannot do. Peer 0 is under test.
#include "overlay/membership/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

PeerList list(std::vector<std::size_t> peers) {
  PeerList made;
  for (std::size_t peer : peers) made.push_back(peer_id(peer));
  return made;
}

TEST(Membership, TakesAContactForANeighborOnlyWhenItAccepts) {
  OnePeer peer;
  EXPECT_THAT(peer.join({peer_id(1)}), ElementsAre("send 1 Join"));
  EXPECT_THAT(peer->neighbors(), IsEmpty());
  EXPECT_THAT(peer.receive(1, NeighborReply{true}), ElementsAre("connect 1"));
  EXPECT_THAT(peer->neighbors(), ElementsAre(peer_id(1)));
}

TEST(Membership, AnswersARepeatedJoinAgain) {
  OnePeer peer;
  EXPECT_THAT(peer.receive(1, Join{}), ElementsAre("connect 1", "send 1 NeighborReply accepted"));
  EXPECT_THAT(peer.receive(1, Join{}), ElementsAre("send 1 NeighborReply accepted"));
}

TEST(Membership, AsksEachContactInTurnAndBeginsAgainAfterARest) {
  OnePeer peer;  // 3 s for a reply, 5 s of rest
  std::set<std::string> asked;
  asked.insert(peer.join({peer_id(1), peer_id(2), peer_id(3)}).at(0));
  asked.insert(peer.pass(3s).at(0));
  asked.insert(peer.pass(3s).at(0));
  EXPECT_EQ(asked, (std::set<std::string>{"send 1 Join", "send 2 Join", "send 3 Join"}));
  EXPECT_THAT(peer.pass(7999ms), IsEmpty());
  EXPECT_THAT(peer.pass(1ms), SizeIs(1));
}

TEST(Membership, AsksTheNextContactAtOnceWhenOneRefuses) {
  OnePeer peer;
  const std::size_t first = peer.join({peer_id(1), peer_id(2)}).at(0) == "send 1 Join" ? 1 : 2;
  EXPECT_THAT(peer.receive(first, NeighborReply{false}), ElementsAre(fmt::format("send {} Join", 3 - first)));
}

TEST(Membership, AsksTheNextContactAtOnceWhenOneIsLost) {
  OnePeer peer;
  const std::string first = peer.join({peer_id(1), peer_id(2)}).at(0);
  const std::size_t lost = first == "send 1 Join" ? 1 : 2;
  EXPECT_THAT(peer.lost(lost), ElementsAre(fmt::format("send {} Join", 3 - lost)));
}

TEST(Membership, RemembersABoundedNumberOfContacts) {
  OnePeer peer;
  std::vector<PeerId> contacts;
  for (std::size_t i = 1; i <= 100; ++i) contacts.push_back(peer_id(i));
  std::size_t asked = peer.join(contacts).size();
  for (int i = 0; i < 10; ++i) asked += peer.pass(3s).size();
  EXPECT_LE(asked, 2 * Membership::kMaxContacts);
}

TEST(Membership, RejoinsThroughItsContactsWhenEverybodyIsLost) {
  OnePeer peer;
  peer.join({peer_id(1)});
  peer.receive(1, NeighborReply{true});
  peer.befriend({2, 3});
  peer.lost(1);
  peer.lost(2);
  EXPECT_THAT(peer.lost(3), ElementsAre("send 1 Join"));
  EXPECT_THAT(peer.receive(1, NeighborReply{true}), ElementsAre("connect 1"));
}

TEST(Membership, AsksThePassiveViewBeforeTheContactsAndWithHighPriority) {
  Config config;
  config.active_size = 1;
  OnePeer peer(config);
  peer.join({peer_id(1)});
  peer.receive(1, NeighborReply{true});
  peer.hear_of(1, {8});
  EXPECT_THAT(peer.lost(1), ElementsAre("send 8 Neighbor high"));
  EXPECT_THAT(peer.lost(8), ElementsAre("send 1 Join"));
}

TEST(Membership, ForgetsWhoRefusesAHighPriorityRequest) {
  OnePeer peer;
  peer.befriend({1});
  EXPECT_THAT(peer.receive(1, Leave{}), ElementsAre("disconnect 1", "send 1 Neighbor high"));
  EXPECT_THAT(peer.receive(1, NeighborReply{false}), IsEmpty());
  EXPECT_THAT(peer->passive_view(), IsEmpty());
}

TEST(Membership, StopsAskingAfterAFewTriesWhileItHasANeighbor) {
  OnePeer peer;
  peer.befriend({1});
  peer.hear_of(1, {10, 11, 12, 13, 14, 15, 16, 17, 18});
  OnePeer::Lines asked = peer.lost(99);  // nothing happened
  EXPECT_THAT(asked, IsEmpty());
  std::size_t tries = 0;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 10; i <= 18; ++i) tries += count(peer.receive(i, NeighborReply{false}), "send");
  }
  EXPECT_LE(tries, Membership::kTries);
  EXPECT_THAT(peer->passive_view(), SizeIs(9));  // who refuses low stays in reserve
}

TEST(Membership, TriesAgainInTheNextShufflePeriod) {
  OnePeer peer;
  peer.befriend({1});
  peer.hear_of(1, {10, 11, 12, 13, 14, 15, 16, 17, 18});
  for (std::size_t i = 10; i <= 18; ++i) peer.receive(i, NeighborReply{false});
  const Outbox out = peer.effects_of_the_next_deadline();
  const auto requests = std::ranges::count_if(out, [](const Effect& effect) {
    const Send* const send = std::get_if<Send>(&effect);
    return send != nullptr && std::holds_alternative<Neighbor>(send->message);
  });
  EXPECT_EQ(requests, Membership::kTries);  // one of them is the rewiring
}

TEST(Membership, ForgetsWhoDoesNotAnswerInTime) {
  OnePeer peer;
  peer.befriend({1});
  peer.hear_of(1, {10});
  EXPECT_THAT(peer->passive_view(), ElementsAre(peer_id(10)));
  peer.pass(3s);
  EXPECT_THAT(peer->passive_view(), IsEmpty());
}

TEST(Membership, DoesNotCountWhoCannotBeReachedAsATry) {
  OnePeer peer;
  peer.befriend({1});
  peer.hear_of(1, {10, 11, 12, 13, 14, 15, 16, 17, 18});
  for (std::size_t i = 10; i <= 18; ++i) peer.lost(i);
  EXPECT_THAT(peer->passive_view(), IsEmpty());
  peer.hear_of(1, {20});
  EXPECT_THAT(peer.receive(20, NeighborReply{true}), Contains("connect 20"));  // was asked
}

TEST(Membership, EvictsForHighPriorityAFewTimesAPeriod) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  for (std::size_t stranger = 100; stranger < 400;) {
    std::size_t accepted = 0;
    for (int i = 0; i < 100; ++i) accepted += count_ending(peer.receive(stranger++, Neighbor{true}), "accepted");
    EXPECT_EQ(accepted, Membership::kEvictions);
    peer.pass(Config{}.calm_period);
  }
}

TEST(Membership, RewiresWithItsFirstShuffle) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  peer.hear_of(1, {10});
  EXPECT_EQ(count(peer.pass(10s), "send 10 Neighbor high"), 1u);
  const auto lines = peer.receive(10, NeighborReply{true});
  EXPECT_EQ(count_ending(lines, "Leave"), 1u);
  EXPECT_EQ(lines.back(), "connect 10");
  EXPECT_THAT(peer->neighbors(), SizeIs(5));
}

TEST(Membership, RewiresOneShuffleInTenAndKeepsWhoRefuses) {
  Config config;
  config.calm_period = config.shuffle_period;
  OnePeer peer(config);
  peer.befriend({1, 2, 3, 4, 5});
  peer.hear_of(1, {10});
  std::size_t asked = 0;
  for (int period = 0; period < 1000; ++period) {
    asked += count(peer.pass(10s), "send 10 Neighbor high");
    peer.receive(10, NeighborReply{false});
  }
  EXPECT_NEAR(static_cast<double>(asked), 1000.0 / 10 * 15 / 16, 38);  // 4 sigma
  EXPECT_THAT(peer->passive_view(), ElementsAre(peer_id(10)));
}

TEST(Membership, RewiresThroughAContactWhenItKnowsNobodyElse) {
  OnePeer peer;
  peer.join({peer_id(9)});
  peer.receive(9, NeighborReply{true});
  peer.befriend({1, 2, 3, 4});
  peer.lost(9);
  peer.befriend({5});
  EXPECT_EQ(count(peer.pass(10s), "send 9 Neighbor high"), 1u);
}

TEST(Membership, DeclinesAnAcceptanceThatFindsNoRoom) {
  Config config;
  config.active_size = 2;
  OnePeer peer(config);
  peer.befriend({1});
  peer.hear_of(1, {10});  // asked for the free slot
  peer.befriend({2});     // which 2 takes meanwhile
  EXPECT_THAT(peer.receive(10, NeighborReply{true}), ElementsAre("send 10 Leave"));
}

TEST(Membership, TakesALateAcceptanceForALowPriorityRequest) {
  Config config;
  config.active_size = 1;
  OnePeer peer(config);
  EXPECT_THAT(peer.receive(5, NeighborReply{true}), ElementsAre("connect 5"));
  EXPECT_THAT(peer.receive(6, NeighborReply{true}), ElementsAre("send 6 Leave"));
}

TEST(Membership, MakesRoomForANewcomerThatWasPromisedASlot) {
  Config config;
  config.active_size = 2;
  OnePeer peer(config);
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, ForwardJoin{peer_id(9), 0}), ElementsAre("send 9 Neighbor low"));
  const auto lines = peer.receive(9, NeighborReply{true});
  EXPECT_THAT(lines, SizeIs(3));
  EXPECT_EQ(count_ending(lines, "Leave"), 1u);
  EXPECT_EQ(lines.back(), "connect 9");
}

TEST(Membership, KeepsTheNewcomerInReserveWhenTooManyAreAsked) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  for (std::size_t i = 10; i < 10 + Membership::kMaxAsked; ++i) {
    EXPECT_THAT(peer.receive(1, ForwardJoin{peer_id(i), 0}), SizeIs(1));
  }
  EXPECT_THAT(peer.receive(1, ForwardJoin{peer_id(30), 0}), IsEmpty());
  EXPECT_THAT(peer->passive_view(), ElementsAre(peer_id(30)));
}

TEST(Membership, ClampsTheWalkOfAForwardJoin) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, ForwardJoin{peer_id(9), 255}), ElementsAre("send 2 ForwardJoin 9 ttl 5"));
}

TEST(Membership, ClampsTheWalkOfAShuffle) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, Shuffle{peer_id(9), 255, {}}), ElementsAre("send 2 Shuffle of 9 ttl 5 {}"));
}

TEST(Membership, TellsAStrangerThatHeIsNoNeighbor) {
  OnePeer peer;
  peer.befriend({1});
  EXPECT_THAT(peer.receive(6, Shuffle{peer_id(6), 3, {}}), ElementsAre("send 6 Leave"));
  EXPECT_THAT(peer.receive(6, ForwardJoin{peer_id(7), 3}), ElementsAre("send 6 Leave"));
  const Query query{{1, 1},
                    std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kFlood)),
                    StrategyKind::kFlood,
                    3,
                    1};
  EXPECT_THAT(peer.receive(6, query), ElementsAre("send 6 Leave"));
  EXPECT_EQ(peer->counters().refused, 3u);
}

TEST(Membership, HearsAcceptanceInWhatOnlyANeighborSays) {
  OnePeer peer;
  peer.befriend({1});
  peer.hear_of(1, {10});  // asked
  const Query query{{1, 1},
                    std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kFlood)),
                    StrategyKind::kFlood,
                    3,
                    1};
  const auto lines = peer.receive(10, query);
  EXPECT_THAT(lines, Contains("connect 10"));
  EXPECT_EQ(count(lines, "look up"), 1u);
  EXPECT_THAT(peer.receive(10, NeighborReply{true}), IsEmpty());
}

TEST(Membership, TakesALeaveFromAStrangerForNothing) {
  OnePeer peer;
  EXPECT_THAT(peer.receive(4, Leave{}), IsEmpty());
  EXPECT_THAT(peer->passive_view(), IsEmpty());
}

TEST(Membership, DoesNotDisconnectWhoIsAlreadyLost) {
  OnePeer peer;
  peer.befriend({1});
  EXPECT_THAT(peer.lost(1), IsEmpty());
  EXPECT_THAT(peer.lost(1), IsEmpty());
}

TEST(Membership, KeepsItselfAndRepeatsOutOfItsViews) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  peer.receive(1, Shuffle{peer_id(9), 1, list({0, 0, 7, 7, 1, 9, 9, 7})});
  EXPECT_THAT(peer->passive_view(), UnorderedElementsAre(peer_id(7), peer_id(9)));
}

TEST(Membership, DropsItsOwnShuffleWhenTheWalkComesBack) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, Shuffle{peer_id(0), 4, list({7})}), IsEmpty());
  EXPECT_THAT(peer->passive_view(), IsEmpty());
}

TEST(Membership, AcceptsOneReplyToEachShuffleAndNoneUnasked) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  peer.receive(9, ShuffleReply{list({20})});
  EXPECT_THAT(peer->passive_view(), IsEmpty());
  EXPECT_EQ(count(peer.pass(10s), "send"), 1u);
  peer.receive(9, ShuffleReply{list({20, 21})});
  peer.receive(9, ShuffleReply{list({22})});
  EXPECT_THAT(peer->passive_view(), UnorderedElementsAre(peer_id(20), peer_id(21)));
}

TEST(Membership, StaysBoundedUnderAFloodOfJoins) {
  OnePeer peer;
  for (std::size_t i = 1; i <= 10000; ++i) {
    const auto lines = peer.receive(i, Join{});
    ASSERT_LE(lines.size(), 5u + 3u);
  }
  EXPECT_THAT(peer->neighbors(), SizeIs(5));
  EXPECT_THAT(peer->passive_view(), SizeIs(Config{}.passive_size));
}

TEST(Membership, SaysNothingAfterLeavingUntilItJoinsAgain) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.leave(), ElementsAre("send 1 Leave", "disconnect 1", "send 2 Leave", "disconnect 2"));
  EXPECT_EQ(peer->next_deadline(), kNever);
  EXPECT_THAT(peer.receive(3, Join{}), ElementsAre("send 3 NeighborReply refused"));
  EXPECT_THAT(peer.receive(3, Neighbor{true}), ElementsAre("send 3 NeighborReply refused"));
  EXPECT_THAT(peer.receive(1, Shuffle{peer_id(1), 3, {}}), IsEmpty());
  EXPECT_THAT(peer.lost(1), IsEmpty());
  EXPECT_THAT(peer->neighbors(), IsEmpty());
  EXPECT_THAT(peer.join({peer_id(3)}), Contains("send 3 Join"));
}

TEST(Membership, AsksAContactEvenWithNeighborsWhenToldTo) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.join({peer_id(1), peer_id(8)}), ElementsAre("send 8 Join"));
  EXPECT_THAT(peer.join({peer_id(8)}), IsEmpty());  // asked already
}

Config small_passive_view() {
  Config config;
  config.passive_size = 8;
  return config;
}

std::size_t shuffles(const OnePeer::Lines& lines) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [](const std::string& line) { return line.find(" Shuffle of 0 ") != std::string::npos; }));
}

/// Five neighbors, and a passive view that is full enough for peace.
void settle_in(OnePeer& peer) {
  peer.befriend({1, 2, 3, 4, 5});
  peer.hear_of(1, {10, 11, 12, 13, 14, 15, 16, 17});
}

TEST(Membership, ShufflesLessAndLessInPeace) {
  OnePeer peer(small_passive_view());
  settle_in(peer);
  EXPECT_EQ(shuffles(peer.pass(10s)), 1u);
  EXPECT_EQ(shuffles(peer.pass(10s + 20s + 40s)), 3u);
  EXPECT_EQ(shuffles(peer.pass(3min)), 3u);
}

TEST(Membership, HasNoPeaceWhileItKnowsFewNames) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  EXPECT_EQ(shuffles(peer.pass(10min)), 60u);
}

TEST(Membership, ShufflesOftenAgainWhenANeighborIsLostButNotWhenOneLeaves) {
  OnePeer peer(small_passive_view());
  settle_in(peer);
  peer.pass(3min);
  peer.receive(1, Leave{});
  EXPECT_LE(shuffles(peer.pass(50s)), 1u);
  peer.lost(2);
  EXPECT_EQ(shuffles(peer.pass(10s)), 1u);
  EXPECT_EQ(shuffles(peer.pass(10s)), 1u);
}

TEST(Membership, SpreadsTheFirstShufflesOverAPeriod) {
  std::set<Duration> first;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    OnePeer peer({}, seed);
    EXPECT_EQ(peer->next_deadline(), kNever);
    peer.befriend({1});
    first.insert(peer->next_deadline() - peer.now);
    EXPECT_GT(*first.begin(), Duration::zero());
    EXPECT_LE(*first.rbegin(), Config{}.shuffle_period);
  }
  EXPECT_EQ(first.size(), 100u);
  EXPECT_LT(*first.begin(), 1s);
  EXPECT_GT(*first.rbegin(), 9s);
}

}  // namespace
}  // namespace earshot::overlay
