// The budgeted spread: how many peers it reaches, what that costs, and that questions meet digests as often as they should.
#include "overlay/search/bubble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "overlay/estimate/budget.h"
#include "schema/limits.h"
#include "tests/overlay/net_of_peers.h"
#include "tests/overlay/network_view.h"
#include "tests/overlay/one_peer.h"

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Everybody has `degree` neighbors drawn at random, or one or two fewer.
void make_regular(NetOfPeers& net, std::size_t degree, std::uint64_t seed) {
  Random random = Random::stream(seed, 0, 7);
  std::vector<std::size_t> stubs;
  for (std::size_t i = 0; i < net.size() * degree; ++i) stubs.push_back(i / degree);
  random.shuffle(std::span(stubs));
  std::set<std::pair<std::size_t, std::size_t>> drawn;
  for (std::size_t i = 0; i + 1 < stubs.size(); i += 2) {
    const auto [a, b] = std::minmax(stubs[i], stubs[i + 1]);
    if (a != b && drawn.emplace(a, b).second) net.link(a, b);
  }
}

NetOfPeers::Options options_for(std::uint8_t degree, std::uint64_t seed = 1) {
  NetOfPeers::Options options = still(degree);
  options.seed = seed;
  options.config.estimate_period = Duration::zero();
  options.config.publish_after = Duration::zero();
  options.seen_slots = 128;
  return options;
}

TEST(Split, GivesEveryLinkItsShareAndLosesNothing) {
  const std::vector<PeerId> links = {peer_id(1), peer_id(2), peer_id(3), peer_id(4)};
  Random random = Random::stream(1, 0, 0);
  for (std::uint32_t visits = 0; visits < 40; ++visits) {
    for (const std::uint32_t piece : {1u, 8u}) {
      std::map<PeerId, std::uint32_t> shares;
      split(visits, piece, links, peer_id(3), random, [&](PeerId to, std::uint32_t share) {
        EXPECT_TRUE(shares.emplace(to, share).second);
        EXPECT_GT(share, 0u);
      });
      std::uint32_t sum = 0;
      for (const auto& [to, share] : shares) {
        sum += share;
        EXPECT_LE(share, shares.begin()->second + 1);
        EXPECT_GE(share + 1, shares.begin()->second);
      }
      EXPECT_EQ(sum, visits);
      EXPECT_FALSE(shares.contains(peer_id(3)));
      EXPECT_EQ(shares.size(), std::min<std::size_t>(std::max(visits / piece, std::min(visits, 1u)), 3));
    }
  }
}

TEST(Split, TurnsBackAtADeadEnd) {
  Random random = Random::stream(1, 0, 0);
  const std::vector<PeerId> only = {peer_id(3)};
  split(5, 1, only, peer_id(3), random, [](PeerId to, std::uint32_t share) {
    EXPECT_EQ(to, peer_id(3));
    EXPECT_EQ(share, 5u);
  });
  split(5, 1, {}, peer_id(3), random, [](PeerId, std::uint32_t) { FAIL(); });
}

TEST(Bubble, CountsItselfOnceAndPassesTheRestOn) {
  OnePeer peer;
  peer.befriend({1, 2, 3});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  Query query{{1, 1}, request, StrategyKind::kBubble, 0, 1, /*visits=*/3};
  const auto first = peer.receive(1, query);
  EXPECT_EQ(count(first, "send"), 2u);
  EXPECT_EQ(count_ending(first, "visits 1"), 2u);
  EXPECT_EQ(first.back(), "look up #0000 'a' and digests");
  const auto again = peer.receive(2, query);
  EXPECT_EQ(again.size(), 1u);
  EXPECT_EQ(count_ending(again, "visits 3"), 1u) << "a small rest goes on in one piece";
  query.visits = 1;
  query.id.low = 2;
  EXPECT_THAT(peer.receive(1, query), ElementsAre("look up #0000 'a' and digests"));
}

TEST(Bubble, EndsAtItsHopLimitAndIsClampedToWhatTheNetworkWarrants) {
  OnePeer peer;
  peer.assume(network_of(1000, 16));
  peer.befriend({1, 2});
  const auto request = std::make_shared<const SearchRequest>(request_for("a", StrategyKind::kBubble));
  EXPECT_THAT(peer.receive(1, Query{{1, 1}, request, StrategyKind::kBubble, 0, limits::kMaxBubbleHops, 50}),
              ElementsAre("look up #0000 'a' and digests"));
  EXPECT_THAT(peer.receive(1, Query{{2, 2}, request, StrategyKind::kBubble, 0, limits::kMaxBubbleHops + 1, 50}), IsEmpty());
  const auto lines = peer.receive(1, Query{{3, 3}, request, StrategyKind::kBubble, 0, 1, limits::kMaxVisits});
  const std::uint32_t most = query_visits(network_of(1000, 16), 9000);
  EXPECT_EQ(lines.front(), fmt::format("send 2 Query #0000 'a' ttl 0 hops 2 visits {}", most + most / 5 - 1));
}

TEST(Bubble, ReachesAsManyPeersAsItWasSentForAndCostsLittleMore) {
  double messages = 0, visits = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    NetOfPeers net(2000, options_for(16, seed));
    make_regular(net, 16, seed);
    net.assume(network_of(2000, 16));
    const std::uint64_t before = net.messages();
    net.ask(0, request_for("any", StrategyKind::kBubble));
    net.run_for(20s);
    std::uint32_t looked = 0;
    for (std::size_t i = 1; i < net.size(); ++i) looked += net.lookups(i) > 0;
    EXPECT_EQ(looked, query_visits(network_of(2000, 16), 4000)) << "seed " << seed;
    messages += static_cast<double>(net.messages() - before);
    visits += looked;
    EXPECT_EQ(net.delivered(0).back().progress.peers_asked, looked);
    EXPECT_TRUE(net.delivered(0).back().last) << "it ends when its last slice has had its time";
  }
  EXPECT_LE(messages / visits, 1.25);
}

/// Each of `owners` has one thing of its own; somebody else asks for it.
struct Outcome {
  int found = 0;
  int asked = 0;
  double copies = 0;
};

std::string words_of(std::uint32_t owner) { return fmt::format("of {}", owner); }

Outcome rendezvous(NetOfPeers& net, std::size_t owners, std::uint64_t seed, std::string (*text_of)(std::uint32_t) = words_of) {
  Random random = Random::stream(seed, 0, 8);
  net.library = [text_of](PeerId peer, const SearchRequest& request) {
    return request.text == text_of(to_number(peer)) ? std::vector<Hit>{hit_at(peer, 1)} : std::vector<Hit>{};
  };
  for (std::size_t owner = 0; owner < owners; ++owner) net.publish(owner);
  net.run_for(30s);
  Outcome outcome;
  for (std::size_t owner = 0; owner < owners; ++owner) {
    outcome.copies += static_cast<double>(net.hosts_of(owner)) / static_cast<double>(owners);
    std::size_t origin = owner;
    while (origin == owner) origin = random.below(net.size());
    const std::size_t before = net.delivered(origin).size();
    SearchRequest request = request_for(text_of(static_cast<std::uint32_t>(owner)), StrategyKind::kBubble);
    request.time = 30s;
    net.ask(origin, request);
    net.run_for(30s);
    ++outcome.asked;
    bool found = false;
    for (std::size_t i = before; i < net.delivered(origin).size(); ++i) found |= !net.delivered(origin)[i].hits->empty();
    outcome.found += found;
  }
  return outcome;
}

TEST(Bubble, MeetsADigestAsOftenAsTheFormulaSays) {
  for (const int lambda : {1000, 2000, 4000}) {
    Outcome sum;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      NetOfPeers::Options options = options_for(16, seed);
      options.config.lambda_permille = static_cast<std::uint16_t>(lambda);
      options.config.digest_excess_percent = 0;
      NetOfPeers net(1000, options);
      make_regular(net, 16, seed);
      net.assume(network_of(1000, 16));
      const Outcome one = rendezvous(net, 75, seed);
      EXPECT_NEAR(one.copies, digest_copies(network_of(1000, 16), static_cast<std::uint32_t>(lambda)), 3.0);
      sum.found += one.found;
      sum.asked += one.asked;
    }
    const double expected = 1 - std::exp(-lambda / 1000.0);
    const double off = 3 * std::sqrt(expected * (1 - expected) / sum.asked);
    // What is asked himself is found too, and that is one peer in seven here.
    EXPECT_GE(sum.found, (expected - off) * sum.asked) << "lambda " << lambda;
    EXPECT_LE(sum.found, (1 - (1 - expected) * 0.8 + off) * sum.asked) << "lambda " << lambda;
  }
}

/// A content is asked for by its id as everything else by its words: the same visits, the same digests.
TEST(Bubble, FindsTheOnlyHolderOfAContentByItsId) {
  const auto id_of = [](std::uint32_t owner) {
    ContentId content{Scheme::kPpspp, {}};
    for (std::size_t i = 0; i < 4; ++i) content.digest[i] = static_cast<std::uint8_t>(owner >> (8 * i));
    return to_string(content);
  };
  ASSERT_TRUE(content_asked(id_of(7)));
  NetOfPeers::Options options = options_for(16, 5);
  options.config.digest_excess_percent = 0;
  NetOfPeers net(1000, options);
  make_regular(net, 16, 5);
  net.assume(network_of(1000, 16));
  const Outcome outcome = rendezvous(net, 60, 5, id_of);
  EXPECT_GE(outcome.found, outcome.asked * 95 / 100);
}

}  // namespace
}  // namespace earshot::overlay
