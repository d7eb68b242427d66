// Strategies that ask in waves: ring, dynamic query and auto. Whom each wave reaches, and when it is enough.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/network_view.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SearchRequest wanting(std::uint16_t wanted, StrategyKind strategy, std::uint16_t ttl = 0) {
  SearchRequest request = request_for("a", strategy, ttl);
  request.wanted = wanted;
  request.time = 60s;
  return request;
}

std::set<std::size_t> lookers(const NetOfPeers& net) {
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (net.lookups(i) > 0) all.insert(i);
  }
  return all;
}

TEST(Ring, ReachesOneHopFartherWithEachWaveAndAsksEachPeerOnce) {
  NetOfPeers net(9, still());
  net.draw("0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8");
  net.ask(0, wanting(50, StrategyKind::kRing, 4));
  net.run_for(400ms);
  EXPECT_EQ(lookers(net), (std::set<std::size_t>{0, 1}));
  net.run_for(20s);
  EXPECT_EQ(lookers(net), (std::set<std::size_t>{0, 1, 2, 3, 4}));
  for (std::size_t i = 0; i <= 4; ++i) EXPECT_EQ(net.lookups(i), 1u) << i;
  EXPECT_EQ(net.messages(), 1u + 2 + 3 + 4);
  EXPECT_TRUE(net.delivered(0).back().last);
}

TEST(Ring, EndsWhenEnoughCameBack) {
  NetOfPeers net(9, still());
  net.draw("0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8");
  net.library = [](PeerId peer, const SearchRequest&) {
    return to_number(peer) >= 2 ? std::vector<Hit>{hit_at(peer, 1)} : std::vector<Hit>{};
  };
  net.ask(0, wanting(2, StrategyKind::kRing, 7));
  net.run_for(30s);
  EXPECT_EQ(lookers(net), (std::set<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(net.delivered(0).back().progress.hits, 2u);
}

TEST(Dynamic, ProbesThreeNeighborsAndAsksTheOthersOneByOne) {
  OnePeer peer(still().config);
  peer.befriend({1, 2, 3, 4, 5});
  peer.ask(wanting(50, StrategyKind::kDynamic, 3));
  const auto probe = peer.take();
  EXPECT_EQ(count(probe, "send"), 3u);
  EXPECT_EQ(count_ending(probe, "ttl 1 hops 1"), 3u);
  EXPECT_EQ(count(peer.pass(answer_time(still().config, 2)), "send"), 1u);
  const auto rest = peer.pass(10s);
  EXPECT_EQ(count_ending(rest, "ttl 2 hops 1"), 1u) << "nothing found yet: the largest ttl";
  EXPECT_EQ(count(rest, "deliver"), 1u) << "every neighbor has been asked";
}

TEST(Dynamic, AsksNoFurtherWhenEnoughCameBack) {
  OnePeer peer(still().config);
  peer.befriend({1, 2, 3, 4, 5});
  const QueryId id = peer.ask(wanting(1, StrategyKind::kDynamic, 3));
  peer.take();
  peer.receive(1, Hits{id, boxed({hit_at(peer_id(7), 1)}), 2});
  const auto lines = peer.pass(10s);
  EXPECT_EQ(count(lines, "send"), 0u);
  EXPECT_EQ(count(lines, "deliver"), 1u);
}

TEST(Auto, FloodsASmallNetworkAndFindsEverything) {
  NetOfPeers::Options options = still(8);
  options.config.estimate_period = Duration::zero();
  NetOfPeers net(60, options);
  Random random = Random::stream(3, 0, 7);
  for (std::size_t i = 1; i < net.size(); ++i) net.link(i, random.below(i));
  for (int i = 0; i < 100; ++i) net.link(random.below(30), 30 + random.below(30));
  net.assume(network_of(60, 8));
  net.ask(0, wanting(50, StrategyKind::kAuto));
  net.run_for(20s);
  EXPECT_EQ(lookers(net).size(), 60u);
  EXPECT_TRUE(net.delivered(0).back().last);
  EXPECT_GE(net.delivered(0).back().progress.coverage.permille, 980);
}

TEST(Auto, OfWhoDoesNotKnowTheSizeAsksTheNearFirstAndThenInSlices) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  peer.ask(wanting(50, StrategyKind::kAuto));
  EXPECT_EQ(count_ending(peer.take(), "ttl 1 hops 1"), 5u);
  const auto slice = peer.pass(1s);
  EXPECT_GT(count(slice, "send"), 0u);
  EXPECT_NE(slice.front().find("visits"), std::string::npos) << slice.front();
}

TEST(Auto, AsksALargeNetworkInSlicesThatGrow) {
  OnePeer peer;
  peer.assume(network_of(1'000'000, 8));
  peer.befriend({1, 2, 3, 4, 5});
  peer.ask(wanting(50, StrategyKind::kAuto));
  std::vector<std::uint32_t> slices;
  for (int wave = 0; wave < 20 && peer->open_queries() > 0; ++wave) {
    const Outbox effects = wave == 0 ? std::exchange(peer.out, {}) : peer.effects_of_the_next_deadline();
    std::uint32_t slice = 0;
    for (const Effect& effect : effects) {
      const auto* send = std::get_if<Send>(&effect);
      const auto* query = send != nullptr ? std::get_if<Query>(&send->message) : nullptr;
      if (query != nullptr) slice += query->visits;
    }
    if (slice > 0) slices.push_back(slice);
  }
  EXPECT_THAT(slices, ElementsAre(8, 64, 576, query_visits(network_of(1'000'000, 8), 4000) - 648));
}

TEST(Auto, AsksAsManyMoreAsHitsAreMissing) {
  OnePeer peer;
  peer.assume(network_of(1'000'000, 8));
  peer.befriend({1, 2, 3, 4, 5});
  const QueryId id = peer.ask(wanting(50, StrategyKind::kAuto));
  peer.take();
  std::vector<Hit> hits;
  for (std::uint8_t i = 0; i < 40; ++i) hits.push_back(hit_at(peer_id(50u + i), i));
  peer.receive(1, Hits{id, boxed(hits), 2});
  std::uint32_t slice = 0;
  for (const Effect& effect : peer.effects_of_the_next_deadline()) {
    if (const auto* send = std::get_if<Send>(&effect)) slice += std::get<Query>(send->message).visits;
  }
  EXPECT_EQ(slice, 10u * 8 * 5 / (40 * 4) + 1);
}

// Rule 8 of search.h: the digests that we host.

TEST(Hosts, PassAQuestionToTheOwnersOfMatchingDigests) {
  OnePeer peer;
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  peer.receive(1, Query{{5, 5}, request, StrategyKind::kBubble, 0, 1, 1});
  EXPECT_THAT(peer.answer(Lookup{{5, 5}, request}, {}, {peer_id(30), peer_id(0), peer_id(31)}),
              ElementsAre("send 30 Query #0000 'a' direct", "send 31 Query #0000 'a' direct"))
      << "not to ourselves";
  std::vector<PeerId> many;
  for (std::size_t i = 0; i < 40; ++i) many.push_back(peer_id(50 + i));
  EXPECT_EQ(peer.answer(Lookup{{5, 5}, request}, {}, many).size(), limits::kMaxOwnersPerAnswer);
}

TEST(Hosts, SayWhichCanariesTheyHold) {
  OnePeer peer;
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  peer.receive(1, Query{{5, 5}, request, StrategyKind::kBubble, 0, 1, 1});
  EXPECT_THAT(peer.answer(Lookup{{5, 5}, request}, {}, {}, 0b101), ElementsAre("send 1 Hits #0000 hops 1 canaries 101"));
}

TEST(Hosts, ForgetTheDigestOfAnOwnerWhoCannotBeReached) {
  OnePeer peer;
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  peer.receive(1, Query{{5, 5}, request, StrategyKind::kBubble, 0, 1, 1});
  peer.answer(Lookup{{5, 5}, request}, {}, {peer_id(30)});
  EXPECT_THAT(peer.lost(30), ElementsAre("drop the digests of 30"));
  EXPECT_THAT(peer.lost(30), IsEmpty());
  EXPECT_THAT(peer.lost(31), IsEmpty()) << "of him nothing was asked";
}

TEST(Owners, AnswerStrangersWhoHostTheirDigestFromTheirOwnLibraryOnly) {
  OnePeer peer;
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  const Query direct{{5, 5}, request, StrategyKind::kBubble, 0, 1, 0, /*direct=*/true};
  EXPECT_THAT(peer.receive(30, direct), ElementsAre("look up #0000 'a'"));
  EXPECT_THAT(peer.receive(31, direct), IsEmpty()) << "a second host";
  EXPECT_THAT(peer.answer(Lookup{{5, 5}, request, false}, {hit_at(peer_id(0), 1)}, {peer_id(9)}),
              ElementsAre("send 30 Hits #0000 hops 1 'song 1' at 0"));
}

TEST(Owners, WorkForStrangersAtALimitedRate) {
  OnePeer peer;
  peer.befriend({1});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  std::size_t looked = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    looked += peer.receive(30, Query{{i, i}, request, StrategyKind::kBubble, 0, 1, 0, /*direct=*/true}).size();
  }
  EXPECT_NEAR(static_cast<double>(looked), 200, 2);
  peer.now += 1s;
  looked = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    looked += peer.receive(30, Query{{i, i + 9999}, request, StrategyKind::kBubble, 0, 1, 0, /*direct=*/true}).size();
  }
  EXPECT_NEAR(static_cast<double>(looked), 50, 2);
}

TEST(Origin, IsToldTheCoverageThatItsCanariesShow) {
  OnePeer peer;
  peer.assume(network_of(1'000'000, 8));
  peer.befriend({1, 2, 3, 4, 5});
  SearchRequest request = wanting(50, StrategyKind::kBubble);
  request.canaries = {1, 2, 3, 4, 5, 6, 7, 8};
  const QueryId id = peer.ask(request);
  peer.take();
  // Four hosts for each canary: a lambda of 4.
  for (std::size_t i = 0; i < 4; ++i) {
    peer.receive(1 + i, Hits{id, nullptr, 2, 0xff});
  }
  Coverage told;
  while (peer->open_queries() > 0) {
    for (const Effect& effect : peer.effects_of_the_next_deadline()) {
      if (const auto* deliver = std::get_if<Deliver>(&effect)) told = deliver->progress.coverage;
    }
  }
  EXPECT_NEAR(told.permille, 1000 * (1 - std::exp(-4.0 * 6 / 8)), 12) << "of degree 8, where meetings come in company";
  EXPECT_LT(told.least, told.permille);
  EXPECT_GT(told.most, told.permille);
}

}  // namespace
}  // namespace earshot::overlay
