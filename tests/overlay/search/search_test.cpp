// The rules of search.h: the way back of hits, what the origin keeps, and how a query ends.
#include "overlay/search/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Hits hits_for(const QueryId& id, std::vector<Hit> hits, std::uint16_t hops = 2) {
  return {id, boxed(hits), hops};
}

Query query(std::uint64_t id, std::uint16_t ttl = 3, std::uint16_t hops = 1) {
  return {{id, id},
          std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kFlood)),
          StrategyKind::kFlood,
          ttl,
          hops};
}

std::vector<Hit> many_hits(std::size_t count, std::size_t holders) {
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < count; ++i) {
    Hit hit = hit_at(peer_id(100 + i % holders), static_cast<std::uint8_t>(i));
    hit.track.content.digest[1] = static_cast<std::uint8_t>(i >> 8);
    hits.push_back(hit);
  }
  return hits;
}

TEST(Search, AsksItsOwnLibraryAndEveryNeighbor) {
  OnePeer peer;
  peer.befriend({1, 2});
  const QueryId id = peer.ask(request_for("so what", StrategyKind::kFlood, 4));
  const std::string name = describe(id);
  EXPECT_THAT(peer.take(),
              ElementsAre("look up " + name + " 'so what'", "send 1 Query " + name + " 'so what' ttl 3 hops 1",
                          "send 2 Query " + name + " 'so what' ttl 3 hops 1"));
}

TEST(Search, DeliversItsOwnLibraryOverNoHops) {
  OnePeer peer;
  const QueryId id = peer.ask(request_for("a", StrategyKind::kFlood));
  peer.take();
  EXPECT_THAT(peer.answer(id, {hit_at(peer_id(0), 1)}),
              ElementsAre("deliver " + describe(id) + " 'song 1' at 0 over 0 hops, sent 0 answers 0 hits 1"));
}

TEST(Search, BringsHitsBackAlongTheWayThatTheQueryCame) {
  NetOfPeers net(5, still());
  net.draw("0-1 1-2 2-3 3-4");
  net.library = [](PeerId peer, const SearchRequest&) {
    return peer == peer_id(4) ? std::vector<Hit>{hit_at(peer, 7)} : std::vector<Hit>{};
  };
  std::vector<std::pair<std::size_t, std::size_t>> way;
  net.on_effect = [&](PeerId from, const Effect& effect) {
    const auto* send = std::get_if<Send>(&effect);
    if (send != nullptr && std::holds_alternative<Hits>(send->message))
      way.emplace_back(to_number(from), to_number(send->to));
  };
  net.ask(0, request_for("a", StrategyKind::kFlood, 5));
  net.run_for(2s);
  EXPECT_THAT(way, ElementsAre(std::pair(4, 3), std::pair(3, 2), std::pair(2, 1), std::pair(1, 0)));
  ASSERT_EQ(net.delivered(0).size(), 1u);
  EXPECT_EQ(net.delivered(0)[0].hops, 4);
  EXPECT_EQ(net.delivered(0)[0].hits->at(0).holder, peer_id(4));
}

TEST(Search, BringsHitsBackFromWalksToo) {
  NetOfPeers net(200, still(/*active_size=*/60));
  Random random = Random::stream(5, 0, 7);
  for (std::size_t i = 1; i < net.size(); ++i) net.link(i, random.below(i));
  for (int i = 0; i < 200; ++i) net.link(random.below(100), 100 + random.below(100));
  net.library = [](PeerId peer, const SearchRequest&) { return std::vector<Hit>{hit_at(peer, 1)}; };
  net.ask(0, request_for("a", StrategyKind::kWalk, /*ttl=*/20, /*walkers=*/8));
  net.run_for(4s);
  std::set<PeerId> looked, found;
  for (std::size_t i = 0; i < net.size(); ++i) {
    if (net.lookups(i) > 0) looked.insert(peer_id(i));
  }
  for (const Deliver& deliver : net.delivered(0)) {
    for (const Hit& hit : *deliver.hits) found.insert(hit.holder);
  }
  EXPECT_EQ(found, looked);
  EXPECT_GT(found.size(), 50u);
}

TEST(Search, DropsHitsThatNobodyAskedFor) {
  OnePeer peer;
  peer.befriend({1, 2});
  EXPECT_THAT(peer.receive(1, hits_for({9, 9}, many_hits(50, 1))), IsEmpty());
  EXPECT_EQ(peer->counters().boxes_dropped, 1u);
}

TEST(Search, DropsHitsThatClaimAnImpossibleWay) {
  OnePeer peer;
  peer.befriend({1, 2});
  peer.receive(1, query(5));
  EXPECT_THAT(peer.receive(2, hits_for({5, 5}, {hit_at(peer_id(3), 1)}, /*hops=*/0)), IsEmpty());
  EXPECT_THAT(peer.receive(2, hits_for({5, 5}, {hit_at(peer_id(3), 1)}, /*hops=*/1025)), IsEmpty());
  EXPECT_THAT(peer.receive(2, hits_for({5, 5}, {hit_at(peer_id(3), 1)}, /*hops=*/65535)), IsEmpty());
  EXPECT_EQ(peer->counters().boxes_dropped, 3u);
  EXPECT_THAT(peer.receive(2, hits_for({5, 5}, {hit_at(peer_id(3), 1)}, /*hops=*/1)),
              ElementsAre("send 1 Hits #0000 hops 2 'song 1' at 3"));
}

TEST(Search, SendsHitsBackEvenWhenTheLinkIsNoNeighborAnyMore) {
  OnePeer peer;
  peer.befriend({1, 2});
  peer.receive(1, query(5));
  peer.receive(1, Leave{});
  peer.take();
  EXPECT_THAT(peer.answer({5, 5}, {hit_at(peer_id(0), 1)}), ElementsAre("send 1 Hits #0000 hops 1 'song 1' at 0"));
}

TEST(Search, SendsNoEmptyAnswer) {
  OnePeer peer;
  peer.befriend({1, 2});
  peer.receive(1, query(5));
  EXPECT_THAT(peer.answer({5, 5}, {}), IsEmpty());
}

TEST(Search, OpensSoManyBoxesForOneQuestionAndNoMore) {
  OnePeer peer;
  peer.befriend({1});
  const QueryId id = peer.ask(request_for("a", StrategyKind::kFlood));
  peer.take();
  for (std::size_t i = 0; i < 4 * limits::kMaxHitsPerQuery; ++i) peer.receive(1, hits_for(id, {hit_at(peer_id(3), 1)}));
  EXPECT_EQ(peer->counters().boxes_dropped, 0u);
  EXPECT_THAT(peer.receive(1, hits_for(id, {hit_at(peer_id(3), 2)})), IsEmpty());
  EXPECT_EQ(peer->counters().boxes_dropped, 1u);
}

TEST(Search, PassesOnBoxesUnopened) {
  OnePeer peer;
  peer.befriend({1, 2});
  peer.receive(1, query(5));
  const auto box = std::make_shared<const Bytes>(Bytes{0xff, 0, 1});
  const Outbox effects = peer.effects_of_receiving(2, Hits{{5, 5}, box, 1});
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<Hits>(std::get<Send>(effects[0]).message).box, box);
}

TEST(Search, DeliversTheSameContentAtTheSameHolderOnce) {
  OnePeer peer;
  peer.befriend({1, 2});
  const QueryId id = peer.ask(request_for("a", StrategyKind::kFlood));
  peer.take();
  EXPECT_EQ(peer.receive(1, hits_for(id, {hit_at(peer_id(3), 1), hit_at(peer_id(3), 1), hit_at(peer_id(4), 1)})).size(),
            1u);
  EXPECT_THAT(peer.receive(2, hits_for(id, {hit_at(peer_id(4), 1), hit_at(peer_id(3), 1)})), IsEmpty());
  EXPECT_THAT(peer.receive(2, hits_for(id, {hit_at(peer_id(3), 2)})),
              ElementsAre("deliver " + describe(id) + " 'song 2' at 3 over 2 hops, sent 2 answers 3 hits 3"));
  EXPECT_EQ(peer->counters().hits_dropped, 3u);
}

TEST(Search, KeepsAtMostSoManyHitsOfOneHolderAndOfOneQuery) {
  OnePeer peer;
  peer.befriend({1});
  const QueryId id = peer.ask(request_for("a", StrategyKind::kFlood));
  peer.take();
  peer.receive(1, hits_for(id, many_hits(200, /*holders=*/1)));
  EXPECT_EQ(peer->counters().hits_dropped, 200 - limits::kMaxHitsPerHolder);
  peer.receive(1, hits_for(id, many_hits(5000, /*holders=*/500)));
  EXPECT_EQ(peer->counters().hits_dropped, 5200 - limits::kMaxHitsPerQuery);
}

TEST(Search, EndsAtItsDeadlineWithALastMarker) {
  OnePeer peer;
  peer.befriend({1});
  SearchRequest request = request_for("a", StrategyKind::kFlood);
  request.time = 2s;
  const QueryId id = peer.ask(request);
  peer.take();
  EXPECT_EQ(peer->open_queries(), 1u);
  EXPECT_THAT(peer.pass(1999ms), IsEmpty());
  EXPECT_THAT(peer.pass(1ms), ElementsAre("deliver " + describe(id) + " last, sent 1 answers 0 hits 0"));
  EXPECT_EQ(peer->open_queries(), 0u);
  EXPECT_THAT(peer.receive(1, hits_for(id, {hit_at(peer_id(3), 1)})), IsEmpty());  // too late
  EXPECT_THAT(peer.answer(id, {hit_at(peer_id(0), 1)}), IsEmpty());
  EXPECT_EQ(peer->counters().boxes_dropped, 1u);
  EXPECT_EQ(peer->counters().hits_dropped, 1u);
}

TEST(Search, EndsAtOnceWhenCancelled) {
  OnePeer peer;
  const QueryId first = peer.ask(request_for("a", StrategyKind::kFlood));
  const QueryId second = peer.ask(request_for("b", StrategyKind::kFlood));
  peer.take();
  EXPECT_THAT(peer.cancel(first), ElementsAre("deliver " + describe(first) + " last, sent 0 answers 0 hits 0"));
  EXPECT_THAT(peer.cancel(first), IsEmpty());
  EXPECT_EQ(peer->open_queries(), 1u);
  EXPECT_THAT(peer.pass(5s), ElementsAre("deliver " + describe(second) + " last, sent 0 answers 0 hits 0"));
}

TEST(Search, DoesNotRelayItsOwnQueryWhenItComesBack) {
  OnePeer peer;
  peer.befriend({1, 2});
  const QueryId id = peer.ask(request_for("a", StrategyKind::kFlood));
  peer.take();
  Query back = query(1);
  back.id = id;
  EXPECT_THAT(peer.receive(2, back), IsEmpty());
}

TEST(Search, ChecksThatNotTooManyAreOpen) {
  OnePeer peer;
  for (std::size_t i = 0; i < limits::kMaxOpenQueries; ++i) peer.ask(request_for("a", StrategyKind::kFlood));
  EXPECT_DEATH(peer.ask(request_for("a", StrategyKind::kFlood)), "kMaxOpenQueries");
}

/// Sends one copy a wave, three waves, further and further apart.
class ThreeWaves final : public Strategy {
 public:
  std::uint16_t max_ttl() const override { return 7; }
  std::optional<Next> wave(std::uint32_t n, const Query& query, const Progress& progress,
                               Spread& spread) const override {
    EXPECT_EQ(progress.messages_sent, n);
    Query copy = query;
    copy.ttl = static_cast<std::uint16_t>(n + 1);
    spread.pass_on(copy, spread.neighbors().front());
    if (n == 2) return std::nullopt;
    return Next{1s * (n + 1)};
  }
  bool relays_repeats() const override { return true; }
  void relay(const Query&, PeerId, bool, Spread&) const override {}
};

TEST(Search, SendsFurtherWavesWhenTheirTimeComesAndTheQueryIsOpen) {
  std::vector<SeenSlot> slots(SeenQueries::kWays);
  Search search(peer_id(0), slots, {1, 2});
  Config config;
  Random random = Random::stream(1, 0, 0);
  Counters counters;
  Outbox out;
  const NetworkView network;
  Meetings meetings;
  Turn turn{Instant{}, peer_id(0), config, network, random, counters, meetings, out};
  const std::vector<PeerId> neighbors = {peer_id(4)};
  const ThreeWaves strategy;
  const QueryId id = search.ask(turn, request_for("a", StrategyKind::kFlood), strategy, neighbors);
  std::vector<std::string> lines;
  while (search.next_deadline() != kNever) {
    turn.now = search.next_deadline();
    search.tick(turn, neighbors);
  }
  for (const Effect& effect : out) lines.push_back(describe(effect));
  const std::string name = describe(id);
  EXPECT_THAT(lines,
              ElementsAre("look up " + name + " 'a'", "send 4 Query " + name + " 'a' ttl 0 hops 1",
                          "send 4 Query " + name + " 'a' ttl 1 hops 1", "send 4 Query " + name + " 'a' ttl 2 hops 1",
                          "deliver " + name + " last, sent 3 answers 0 hits 0"));
  EXPECT_EQ(turn.now, Instant{} + limits::kDefaultQueryTime);
}

TEST(Strategies, StandInTheOrderOfTheirKindsUnderTheirNames) {
  const auto table = strategies();
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(table[i].kind), i);
    EXPECT_EQ(strategy_of(table[i].kind), table[i].strategy);
    EXPECT_FALSE(table[i].name.empty());
  }
  EXPECT_EQ(strategy_of(static_cast<StrategyKind>(table.size())), nullptr);
}

}  // namespace
}  // namespace earshot::overlay
