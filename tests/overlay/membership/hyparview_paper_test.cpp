// HyParView as its paper has it ("HyParView: a membership protocol for reliable gossip-based broadcast", Leitao,
// Pereira, Rodrigues, DSN 2007), one passage a test, told in our words. Where we leave the paper the test says "We:".
// Peer 0 is the node that the passage speaks of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// A node with five neighbors, 1 to 5, which is a full active view.
class PaperTest : public ::testing::Test {
 protected:
  PaperTest() { peer_.befriend({1, 2, 3, 4, 5}); }

  std::set<PeerId> passive() const { return {peer_->passive_view().begin(), peer_->passive_view().end()}; }
  std::set<PeerId> active() const { return {peer_->neighbors().begin(), peer_->neighbors().end()}; }

  OnePeer peer_;
};

// 4.2: a contact adds the new node to its active view even if it must drop a random node for it.
TEST_F(PaperTest, AContactAddsTheNewNodeEvenIfItMustDropARandomOne) {
  std::map<PeerId, int> dropped;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    OnePeer contact({}, seed);
    contact.befriend({1, 2, 3, 4, 5});
    contact.receive(9, Join{});
    for (std::size_t i = 1; i <= 5; ++i) {
      if (std::ranges::find(contact->neighbors(), peer_id(i)) == contact->neighbors().end()) ++dropped[peer_id(i)];
    }
    EXPECT_THAT(contact->neighbors(), Contains(peer_id(9)));
  }
  ASSERT_THAT(dropped, SizeIs(5));
  for (const auto& [node, times] : dropped) EXPECT_NEAR(times, 200, 51) << to_number(node);  // 4 sigma
}

// 4.2: it then sends FORWARDJOIN with ARWL to all other members of its active view.
TEST_F(PaperTest, AContactForwardsTheJoinToAllOthersInItsActiveView) {
  const auto lines = peer_.receive(9, Join{});
  EXPECT_EQ(count_ending(lines, "ForwardJoin 9 ttl 6"), 4u);
  for (PeerId neighbor : peer_->neighbors()) {
    const std::string expected = fmt::format("send {} ForwardJoin 9 ttl 6", to_number(neighbor));
    EXPECT_EQ(count(lines, expected), neighbor == peer_id(9) ? 0u : 1u);
  }
}

// 4.2: the new node takes its contact into its active view. We: when the contact has accepted.
TEST_F(PaperTest, ANewNodeTakesItsContactIntoItsActiveView) {
  OnePeer newcomer;
  EXPECT_THAT(newcomer.join({peer_id(1)}), ElementsAre("send 1 Join"));
  EXPECT_THAT(newcomer.receive(1, NeighborReply{true}), ElementsAre("connect 1"));
}

// 4.2 (i): with time to live zero the new node is added, even if a random node must be dropped.
// We: it is asked first and added when it accepts.
TEST_F(PaperTest, AForwardJoinWithTimeToLiveZeroAddsTheNewNode) {
  EXPECT_THAT(peer_.receive(1, ForwardJoin{peer_id(9), 0}), ElementsAre("send 9 Neighbor low"));
  peer_.receive(9, NeighborReply{true});
  EXPECT_THAT(peer_->neighbors(), SizeIs(5));
  EXPECT_THAT(peer_->neighbors(), Contains(peer_id(9)));
}

// 4.2 (i): so it is where the active view has one member only.
TEST_F(PaperTest, AForwardJoinEndsWhereTheActiveViewHasOneMember) {
  OnePeer lonely;
  lonely.befriend({1});
  EXPECT_THAT(lonely.receive(1, ForwardJoin{peer_id(9), 6}), ElementsAre("send 9 Neighbor low"));
}

// 4.2 (ii): with time to live PRWL the new node goes into the passive view, and the walk goes on (iii, iv).
TEST_F(PaperTest, AForwardJoinAtPrwlLeavesTheNameInThePassiveView) {
  EXPECT_EQ(count_ending(peer_.receive(1, ForwardJoin{peer_id(9), 3}), "ForwardJoin 9 ttl 2"), 1u);
  EXPECT_THAT(passive(), ElementsAre(peer_id(9)));
}

// 4.2 (iii, iv): else the time to live falls by one and a random member other than the sender gets the request.
TEST_F(PaperTest, AForwardJoinGoesOnToARandomMemberButNotBack) {
  std::set<std::string> ways;
  for (int i = 0; i < 200; ++i) ways.insert(peer_.receive(1, ForwardJoin{peer_id(9), 5}).at(0));
  EXPECT_EQ(ways, (std::set<std::string>{"send 2 ForwardJoin 9 ttl 4", "send 3 ForwardJoin 9 ttl 4",
                                         "send 4 ForwardJoin 9 ttl 4", "send 5 ForwardJoin 9 ttl 4"}));
  EXPECT_THAT(passive(), IsEmpty());
}

// Algorithm 1, dropRandomElementFromActiveView: who is dropped is told and goes to the passive view.
TEST_F(PaperTest, WhoIsDroppedIsToldAndKeptInThePassiveView) {
  const auto lines = peer_.receive(9, Neighbor{/*high_priority=*/true});
  ASSERT_THAT(passive(), SizeIs(1));
  EXPECT_EQ(count(lines, fmt::format("send {} Leave", to_number(*passive().begin()))), 1u);
}

// Algorithm 1, DISCONNECT: who receives it moves the sender to the passive view.
TEST_F(PaperTest, WhoIsToldToDisconnectMovesTheSenderToThePassiveView) {
  peer_.receive(3, Leave{});
  EXPECT_EQ(passive(), std::set<PeerId>{peer_id(3)});
  EXPECT_THAT(active(), Not(Contains(peer_id(3))));
}

// 4.3: a failed neighbor is replaced by a random node of the passive view; one that cannot be reached is removed and
// another one is tried.
TEST_F(PaperTest, AFailedNeighborIsReplacedFromThePassiveView) {
  peer_.hear_of(1, {10, 11, 12});
  std::set<std::string> tried;
  tried.insert(peer_.lost(2).at(0));
  while (passive().size() > 1) {
    const std::string last = *std::ranges::find_if(tried, [&](const std::string& line) {
      return passive().contains(peer_id(static_cast<std::size_t>(std::stoi(line.substr(5)))));
    });
    const auto unreachable = static_cast<std::size_t>(std::stoi(last.substr(5)));
    tried.insert(peer_.lost(unreachable).at(0));
    EXPECT_THAT(passive(), Not(Contains(peer_id(unreachable))));
  }
  EXPECT_EQ(tried, (std::set<std::string>{"send 10 Neighbor low", "send 11 Neighbor low", "send 12 Neighbor low"}));
}

// 4.3: the priority is high if the node has no element in its active view, else low.
TEST_F(PaperTest, PriorityIsHighOnlyWithAnEmptyActiveView) {
  Config config;
  config.active_size = 2;
  OnePeer node(config);
  node.befriend({1, 2});
  node.hear_of(1, {10});
  EXPECT_THAT(node.lost(1), ElementsAre("send 10 Neighbor low"));
  node.receive(10, NeighborReply{false});
  EXPECT_THAT(node.lost(2), ElementsAre("send 10 Neighbor high"));
}

// 4.3: a high priority request is always accepted, with a random drop if need be.
// We: at most Membership::kEvictions times in a shuffle period.
TEST_F(PaperTest, AHighPriorityRequestIsAcceptedByARandomDrop) {
  EXPECT_THAT(peer_.receive(9, Neighbor{true}), Contains("send 9 NeighborReply accepted"));
  EXPECT_THAT(active(), SizeIs(5));
  EXPECT_THAT(active(), Contains(peer_id(9)));
}

// 4.3: a low priority request is accepted only into a free slot, else refused.
TEST_F(PaperTest, ALowPriorityRequestIsAcceptedOnlyIntoAFreeSlot) {
  EXPECT_THAT(peer_.receive(9, Neighbor{false}), ElementsAre("send 9 NeighborReply refused"));
  peer_.lost(1);
  EXPECT_THAT(peer_.receive(9, Neighbor{false}), ElementsAre("connect 9", "send 9 NeighborReply accepted"));
}

// 4.3: who accepts moves from the passive to the active view; who refuses stays, and another one is asked.
// We: at most Membership::kTries requests for a vacancy and period.
TEST_F(PaperTest, WhoAcceptsMovesToTheActiveViewAndWhoRefusesStaysInThePassive) {
  peer_.hear_of(1, {10, 11});
  peer_.lost(1);
  const std::set<PeerId> before = passive();
  std::size_t asked = 0;
  for (std::size_t i : {10u, 11u}) asked += count(peer_.receive(i, NeighborReply{false}), "send");
  EXPECT_GE(asked, 1u);
  EXPECT_EQ(passive(), before);
  peer_.receive(10, NeighborReply{true});
  EXPECT_THAT(active(), Contains(peer_id(10)));
  EXPECT_THAT(passive(), Not(Contains(peer_id(10))));
}

// 4.4: the exchange list has the node's own name, ka names of the active and kp names of the passive view, and goes to
// a random neighbor.
TEST_F(PaperTest, AShuffleOffersItselfAndNamesOfBothViews) {
  peer_.hear_of(1, {10, 11, 12, 13, 14, 15});
  const Outbox out = peer_.effects_of_the_next_deadline();
  const auto& send = std::get<Send>(out.at(0));
  const auto& shuffle = std::get<Shuffle>(send.message);
  EXPECT_THAT(active(), Contains(send.to));
  EXPECT_EQ(shuffle.origin, peer_id(0));
  EXPECT_EQ(shuffle.ttl, Config{}.shuffle_walk);
  std::set<PeerId> from_active, from_passive;
  for (PeerId name : shuffle.peers) (active().contains(name) ? from_active : from_passive).insert(name);
  EXPECT_THAT(from_active, SizeIs(3));
  EXPECT_THAT(from_passive, SizeIs(4));
}

// 4.4: the receiver lowers the time to live; while it is above zero and there is another neighbor, the walk goes on.
TEST_F(PaperTest, AShuffleWalksOnWhileItHasTimeToLive) {
  EXPECT_EQ(count_ending(peer_.receive(1, Shuffle{peer_id(9), 3, {}}), "Shuffle of 9 ttl 2 {}"), 1u);
  OnePeer lonely;
  lonely.befriend({1});
  lonely.receive(1, Shuffle{peer_id(9), 3, {}});
  EXPECT_THAT(lonely->passive_view(), Contains(peer_id(9)));
}

// 4.4: where it ends, the node answers the origin directly with as many names of its passive view as it received.
TEST_F(PaperTest, AShuffleIsAnsweredWithAsManyNamesAsItBrought) {
  peer_.hear_of(1, {10, 11, 12, 13, 14, 15});
  Shuffle shuffle{peer_id(9), 1, {}};
  shuffle.peers.push_back(peer_id(20));
  shuffle.peers.push_back(peer_id(21));
  const Outbox out = peer_.effects_of_receiving(1, shuffle);
  const auto& send = std::get<Send>(out.at(0));
  EXPECT_EQ(send.to, peer_id(9));
  EXPECT_EQ(std::get<ShuffleReply>(send.message).peers.size(), 3u);  // two and the origin itself
}

// 4.4: both sides take the names in, but neither themselves nor whom they know.
TEST_F(PaperTest, NamesOfAShuffleAreTakenInExceptThoseKnown) {
  peer_.hear_of(1, {0, 1, 2, 10, 10, 11});
  EXPECT_EQ(passive(), (std::set<PeerId>{peer_id(10), peer_id(11)}));
}

// 4.4: a full passive view first gives up the names that were sent to the other side, then others at random.
TEST_F(PaperTest, AFullPassiveViewGivesUpFirstWhatItSentAway) {
  for (std::size_t i = 0; i < 60; i += 6) peer_.hear_of(1, {10 + i, 11 + i, 12 + i, 13 + i, 14 + i, 15 + i});
  ASSERT_THAT(passive(), SizeIs(60));
  const std::set<PeerId> before = passive();
  Shuffle shuffle{peer_id(90), 1, {}};
  for (std::size_t i = 91; i < 96; ++i) shuffle.peers.push_back(peer_id(i));
  const Outbox out = peer_.effects_of_receiving(1, shuffle);
  const PeerList& sent = std::get<ShuffleReply>(std::get<Send>(out.at(0)).message).peers;
  ASSERT_EQ(sent.size(), 6u);
  for (PeerId name : before) {
    const bool was_sent = std::find(sent.begin(), sent.end(), name) != sent.end();
    EXPECT_EQ(passive().contains(name), !was_sent) << to_number(name);
  }
}

}  // namespace
}  // namespace earshot::overlay
