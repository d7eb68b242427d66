// One peer and a hostile world: any calls with any messages in any order, and what holds all the same.
#include "overlay/peer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <set>
#include <vector>

#include "overlay/describe.h"
#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

/// Draws calls from a seed and makes them; few names, so that everything meets.
class HostileWorld {
 public:
  explicit HostileWorld(std::uint64_t seed)
      : random_(Random::stream(seed, 0, 3)),
        active_(config_.active_size),
        passive_(config_.passive_size),
        seen_(16),
        peer_(peer_id(0), config_, Random::stream(seed, 0, 1), Memory{active_, passive_, seen_}) {}

  void step() {
    now_ += Duration(random_.below(2'000'000));
    out_.clear();
    switch (random_.below(14)) {
      case 13: return peer_.opened(now_, Open{query_id(), boxed(hits()), anybody(), number()}, hits(), out_);
      case 12:
        return peer_.publish(now_, std::make_shared<const std::vector<SharedDigest>>(random_.below(3), digest()), out_);
      case 0: return peer_.tick(now_, out_);
      case 1: {
        const PeerId gone = anybody();
        links_.erase(gone);
        return peer_.lost(now_, gone, out_);
      }
      case 2: {
        const std::vector<PeerId> contacts = {anybody(), anybody()};
        return peer_.join(now_, contacts, out_);
      }
      case 3: {
        const std::vector<PeerId> owners = {anybody(), anybody()};
        const auto canaries = static_cast<std::uint8_t>(number());
        const std::vector<Hit> found = hits();
        return peer_.answer(now_, Lookup{query_id(), request(), random_.chance(1, 2), random_.chance(1, 2)},
                            Found{found, boxed(found)}, Hosted{owners, canaries}, out_);
      }
      case 4:
        if (random_.chance(1, 10)) return peer_.leave(now_, out_);
        return peer_.cancel(now_, query_id(), out_);
      case 5:
        if (peer_.open_queries() < 4) own_ = peer_.ask(now_, *request(), out_);
        return;
      default: return peer_.receive(now_, anybody(), message(), out_);
    }
  }

  /// What must hold after each call.
  void check() {
    std::size_t sent = 0;
    for (const Effect& effect : out_) {
      if (const auto* send = std::get_if<Send>(&effect)) {
        ++sent;
        RC_ASSERT(send->to != peer_id(0));
        if (const auto* query = std::get_if<Query>(&send->message))
          RC_ASSERT(query->ttl + query->hops <= limits::kMaxWalkTtl && query->visits <= limits::kMaxVisits);
        if (const auto* publish = std::get_if<Publish>(&send->message))
          RC_ASSERT(publish->visits <= limits::kMaxVisits && publish->hops <= limits::kMaxBubbleHops);
      }
      if (const auto* connect = std::get_if<Connect>(&effect)) RC_ASSERT(links_.insert(connect->peer).second);
      if (const auto* disconnect = std::get_if<Disconnect>(&effect)) RC_ASSERT(links_.erase(disconnect->peer) == 1u);
      if (const auto* deliver = std::get_if<Deliver>(&effect)) RC_ASSERT(deliver->hits != nullptr);
    }
    // A tick may be the next wave of every open query, a part of each of two shards, a shuffle and a round of estimates.
    const std::size_t waves = std::max<std::size_t>(peer_.open_queries(), 1) * config_.active_size;
    RC_ASSERT(sent <= std::max<std::size_t>(config_.active_size + 4u + waves + 2u * config_.active_size, config_.walkers));
    const auto active = peer_.neighbors(), passive = peer_.passive_view();
    std::set<PeerId> names(active.begin(), active.end());
    RC_ASSERT(names == links_);
    names.insert(passive.begin(), passive.end());
    RC_ASSERT(names.size() == active.size() + passive.size());
    RC_ASSERT(!names.contains(peer_id(0)) && !names.contains(kNoPeer));
  }

  /// Time passes and nobody speaks: every deadline lies ahead of the last, and the queries end.
  void fall_silent() {
    for (int ticks = 0; ticks < 1000; ++ticks) {
      const Instant next = peer_.next_deadline();
      if (next == kNever) break;
      now_ = std::max(now_, next);
      out_.clear();
      peer_.tick(now_, out_);
      check();
      RC_ASSERT(peer_.next_deadline() > now_);
    }
    RC_ASSERT(peer_.open_queries() == 0u);
  }

 private:
  PeerId anybody() { return random_.chance(1, 30) ? kNoPeer : peer_id(random_.below(14)); }
  std::uint16_t number() {
    const std::uint16_t interesting[] = {0, 1, 2, 3, 6, 7, 8, 20, 255, 1023, 1024, 65535};
    return interesting[random_.below(std::size(interesting))];
  }
  QueryId query_id() { return random_.chance(1, 4) ? own_ : QueryId{1, random_.below(40)}; }
  std::shared_ptr<const SearchRequest> request() {
    const auto strategy = static_cast<StrategyKind>(random_.below(static_cast<std::uint64_t>(kLastStrategyKind) + 1));
    SearchRequest made = request_for("a", strategy);
    made.canaries.resize(random_.below(limits::kMaxCanaries + 1));
    return std::make_shared<const SearchRequest>(std::move(made));
  }
  std::vector<Hit> hits() {
    std::vector<Hit> made;
    for (std::uint64_t n = random_.below(4); n-- > 0;)
      made.push_back(hit_at(anybody(), static_cast<std::uint8_t>(random_.below(9))));
    return made;
  }
  static SharedDigest digest() { return std::make_shared<const Bytes>(7); }
  PeerList names() {
    PeerList made;
    for (std::uint64_t n = random_.below(9); n-- > 0;) made.push_back(anybody());
    return made;
  }
  Message message() {
    const auto ttl = static_cast<std::uint8_t>(number());
    switch (random_.below(11)) {
      case 0: return Join{};
      case 1: return ForwardJoin{anybody(), ttl};
      case 2: return Neighbor{random_.chance(1, 2)};
      case 3: return NeighborReply{random_.chance(1, 2)};
      case 4: return Leave{};
      case 5: return Shuffle{anybody(), ttl, names()};
      case 6: return ShuffleReply{names()};
      case 7: return Query{query_id(), request(), static_cast<StrategyKind>(random_.below(8)), number(), number(),
                           number(), random_.chance(1, 8)};
      case 8: return Publish{query_id(), digest(), anybody(), number() * std::uint32_t{64}, number(), ttl, ttl};
      case 9:
        return Estimate{static_cast<std::uint32_t>(random_.below(4)) * number(), number(), random_.next(),
                        std::make_shared<const Shares>(Shares{random_.next(), random_.next(), number(), number(), 1, number()}),
                        number(), number(), ttl};
      default: return Hits{query_id(), boxed(hits()), number(), static_cast<std::uint8_t>(number())};
    }
  }

  Config config_;
  Random random_;
  std::vector<PeerId> active_, passive_;
  std::vector<SeenSlot> seen_;
  Peer peer_;
  Instant now_{};
  Outbox out_;
  std::set<PeerId> links_;
  QueryId own_;
};

RC_GTEST_PROP(Peer, KeepsItsInvariantsWhateverIsSaid, (std::uint64_t seed)) {
  HostileWorld world(seed);
  for (int call = 0; call < 400; ++call) {
    world.step();
    world.check();
  }
  world.fall_silent();
}

TEST(Peer, OfAFixedGraphStartsWithItsNeighborsAndTakesNobodyElse) {
  const Config config;
  std::vector<PeerId> active(2);
  std::vector<SeenSlot> seen(SeenQueries::kWays);
  const std::vector<PeerId> neighbors = {peer_id(1), peer_id(2)};
  Peer peer(peer_id(0), config, Random::stream(1, 0, 1), Memory{active, {}, seen}, neighbors);
  EXPECT_EQ(peer.next_deadline(), kNever);
  Outbox out;
  peer.lost(Instant{}, peer_id(1), out);
  EXPECT_TRUE(out.empty());
  ASSERT_EQ(peer.neighbors().size(), 1u);
  peer.ask(Instant{}, request_for("a", StrategyKind::kFlood), out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(std::get<Send>(out[1]).to, peer_id(2));
}

TEST(Peer, HasNoDeadlineBeforeAnythingHappens) {
  NetOfPeers net(1, {});
  EXPECT_EQ(net.peer(0).next_deadline(), kNever);
}

}  // namespace
}  // namespace earshot::overlay
