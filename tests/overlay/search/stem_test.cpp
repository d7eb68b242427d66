// The way before the spread: who is asked first, what a spy can tell, and that nothing is lost on it.
#include "overlay/search/stem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/overlay/network_view.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using testing::ElementsAre;

SearchRequest stemmed(StrategyKind strategy, Stem stem = Stem::kOn) {
  SearchRequest request = request_for("a", strategy, strategy == StrategyKind::kFlood ? 7 : 0);
  request.stem = stem;
  return request;
}

Query on_its_stem(std::uint64_t id) {
  Query query{{id, id}, std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kFlood)), StrategyKind::kFlood, 3, 1};
  query.stem = true;
  return query;
}

TEST(Stem, OfAQuestionLeadsToTwoNeighborsOnly) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  std::set<std::string> asked;
  for (int i = 0; i < 20; ++i) {
    peer.ask(stemmed(StrategyKind::kFlood));
    for (const std::string& line : peer.take()) {
      if (!line.starts_with("send")) continue;
      EXPECT_TRUE(line.ends_with("hops 1 on its stem")) << line;
      asked.insert(line.substr(0, 6));
    }
  }
  EXPECT_EQ(asked.size(), 2u) << "of every question, while the epoch lasts";
}

TEST(Stem, GoesOnOrSpreadsAndNeverTellsHowFarItCame) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  int onward = 0, spread = 0;
  for (std::uint64_t id = 1; id <= 400; ++id) {
    const auto lines = peer.receive(1, on_its_stem(id * 0x9E3779B97F4A7C15u));
    EXPECT_EQ(count(lines, "look up"), 1u);
    EXPECT_EQ(count(lines, "send 1"), 0u) << "not back";
    if (count(lines, "send") == 1) {
      ++onward;
      EXPECT_EQ(count_ending(lines, "ttl 3 hops 1 on its stem"), 1u);
    } else {
      ++spread;
      EXPECT_EQ(count_ending(lines, "ttl 2 hops 2"), 4u);
    }
  }
  EXPECT_NEAR(spread, 400 * Stems::kSpreadPercent / 100, 40);
}

TEST(Stem, EndsWhereItMeetsItself) {
  OnePeer peer;
  peer.befriend({1, 2, 3, 4, 5});
  for (std::uint64_t id = 1; id <= 50; ++id) {
    Query query = on_its_stem(id * 0x9E3779B97F4A7C15u);
    query.strategy = StrategyKind::kWalk;
    query.ttl = 9;
    peer.receive(1, query);
    const auto again = peer.receive(2, query);
    EXPECT_EQ(count_ending(again, "stem"), 0u);
    EXPECT_EQ(count_ending(again, "ttl 8 hops 2"), 1u);
  }
}

TEST(Stem, AutoHidesInALargeNetworkOnly) {
  for (const std::uint32_t size : {0u, 100u, 100'000u}) {
    OnePeer peer;
    peer.assume(network_of(size, 8));
    peer.befriend({1, 2, 3, 4, 5});
    peer.ask(stemmed(StrategyKind::kBubble, Stem::kAuto));
    EXPECT_EQ(count_ending(peer.take(), "on its stem") > 0, size == 100'000u) << size;
  }
}

TEST(Stem, AutoAsksOpenlyInTheEndWhenNothingAtAllWasHeard) {
  OnePeer peer;
  peer.assume(network_of(1'000'000, 8));
  peer.befriend({1, 2, 3, 4, 5});
  peer.ask(stemmed(StrategyKind::kBubble, Stem::kAuto));
  std::size_t open = 0;
  while (peer->open_queries() > 0) {
    for (const Effect& effect : peer.effects_of_the_next_deadline()) {
      const auto* const send = std::get_if<Send>(&effect);
      const auto* const query = send == nullptr ? nullptr : std::get_if<Query>(&send->message);
      open += query != nullptr && !query->stem;
    }
  }
  EXPECT_GT(open, 2u);
}

/// A graph of degree 6 or so.
void link_all(NetOfPeers& net, std::uint64_t seed) {
  Random random = Random::stream(seed, 0, 7);
  for (std::size_t i = 1; i < net.size(); ++i) net.link(i, random.below(i));
  for (std::size_t i = 0; i < 2 * net.size(); ++i) {
    const std::size_t a = random.below(net.size()), b = random.below(net.size());
    if (a != b) net.link(a, b);
  }
}

struct Spied {
  int right = 0, guesses = 0, questions = 0;
  std::size_t reached = 0;
};

/// One peer in five is a spy. Who hears a question first from anybody but a spy guesses that this is who asks.
Spied spied_on(Stem stem) {
  NetOfPeers net(150, still(24));
  link_all(net, 3);
  Spied spied;
  std::size_t first_told_by = 0;
  bool heard = false;
  net.on_effect = [&](PeerId from, const Effect& effect) {
    const auto* const send = std::get_if<Send>(&effect);
    if (heard || send == nullptr || !std::holds_alternative<Query>(send->message)) return;
    if (to_number(send->to) % 5 != 0 || to_number(from) % 5 == 0) return;
    heard = true;
    first_told_by = to_number(from);
  };
  for (std::size_t origin = 1; origin < 60; ++origin) {
    if (origin % 5 == 0) continue;
    heard = false;
    std::size_t before = 0, after = 0;
    for (std::size_t i = 0; i < net.size(); ++i) before += net.lookups(i);
    net.ask(origin, stemmed(StrategyKind::kFlood, stem));
    net.run_for(5s);
    for (std::size_t i = 0; i < net.size(); ++i) after += net.lookups(i);
    spied.reached += after - before;
    ++spied.questions;
    spied.guesses += heard;
    spied.right += heard && first_told_by == origin;
  }
  return spied;
}

TEST(Stem, LeavesSpiesGuessingAndLosesNobody) {
  const Spied open = spied_on(Stem::kOff), hidden = spied_on(Stem::kOn);
  EXPECT_GT(open.right, open.questions / 2) << "without a stem a spy among the neighbors knows";
  EXPECT_LE(hidden.right * 100, 40 * hidden.guesses) << hidden.right << " of " << hidden.guesses;
  EXPECT_GE(hidden.reached * 100, open.reached * 99) << "of " << open.reached;
}

}  // namespace
}  // namespace earshot::overlay
