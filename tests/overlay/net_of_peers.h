// A network of peers inside a test: one clock, messages in flight with latency, loss and crashes on demand, everything
// drawn from one seed. It is the smallest driver that keeps the contract of overlay/peer.h, and it checks the other
// side's: after every call the links asked for are the active view, and the views keep their invariants.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "overlay/describe.h"
#include "overlay/peer.h"

namespace earshot::overlay {

inline PeerId peer_id(std::size_t number) {
  return static_cast<PeerId>(number);
}

inline Hit hit_at(PeerId holder, std::uint8_t content) {
  Hit hit;
  hit.holder = holder;
  hit.track.content.digest[0] = content;
  hit.track.title = "song " + std::to_string(content);
  return hit;
}

/// What stands for sealed boxes: their text as people read it, and by it what is in them.
inline std::map<std::string, std::vector<Hit>, std::less<>>& boxes() {
  static std::map<std::string, std::vector<Hit>, std::less<>> all;
  return all;
}
inline SharedBox boxed(const std::vector<Hit>& hits) {
  if (hits.empty()) return nullptr;
  const std::string text = describe(hits);
  boxes()[text] = hits;
  return std::make_shared<const Bytes>(text.begin(), text.end());
}
inline const std::vector<Hit>& unboxed(const SharedBox& box) { return boxes().find(as_text(*box))->second; }

inline SearchRequest request_for(std::string text, StrategyKind strategy, std::uint16_t ttl = 0,
                                 std::uint8_t walkers = 0) {
  SearchRequest request;
  request.text = std::move(text);
  request.strategy = strategy;
  request.ttl = ttl;
  request.walkers = walkers;
  return request;
}

class NetOfPeers {
 public:
  struct Options {
    Config config;
    std::uint64_t seed = 1;
    Duration latency = 50ms;
    Duration jitter = Duration::zero();  // more than zero reorders
    std::uint32_t loss_percent = 0;
    std::uint32_t repeat_percent = 0;
    std::size_t seen_slots = 1024;
  };

  NetOfPeers(std::size_t count, Options options)
      : options_(options), random_(Random::stream(options.seed, 0, /*purpose=*/99)), nodes_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      Node& node = nodes_[i];
      node.active.assign(options_.config.active_size, kNoPeer);
      node.passive.assign(options_.config.passive_size, kNoPeer);
      node.outbound.assign(options_.config.outbound_size, kNoPeer);
      node.seen.resize(options_.seen_slots);
      node.peer = std::make_unique<Peer>(peer_id(i), options_.config, Random::stream(options_.seed, i, /*purpose=*/1),
                                         Memory{node.active, node.passive, node.seen, nullptr, node.outbound});
    }
  }

  NetOfPeers(const NetOfPeers&) = delete;

  std::size_t size() const { return nodes_.size(); }
  const Peer& peer(std::size_t i) const { return *nodes_[i].peer; }
  Instant now() const { return now_; }
  bool is_alive(std::size_t i) const { return nodes_[i].alive; }
  const std::vector<Deliver>& delivered(std::size_t i) const { return nodes_[i].delivered; }
  std::uint64_t lookups(std::size_t i) const { return nodes_[i].lookups; }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t messages(std::size_t kind) const { return messages_by_kind_[kind]; }

  /// What a peer's library answers; empty by default.
  std::function<std::vector<Hit>(PeerId, const SearchRequest&)> library;
  /// Called for each effect, before it is carried out.
  std::function<void(PeerId peer, const Effect&)> on_effect;

  void join(std::size_t i, std::vector<PeerId> contacts) {
    call(i, [&](Peer& peer, Outbox& out) { peer.join(now_, contacts, out); });
  }
  QueryId ask(std::size_t i, SearchRequest request) {
    QueryId id;
    call(i, [&](Peer& peer, Outbox& out) { id = peer.ask(now_, std::move(request), out); });
    return id;
  }
  void cancel(std::size_t i, const QueryId& id) {
    call(i, [&](Peer& peer, Outbox& out) { peer.cancel(now_, id, out); });
  }
  void publish(std::size_t i) {
    static const auto empty = std::make_shared<const Bytes>();
    static const auto digests = std::make_shared<const std::vector<SharedDigest>>(1, empty);
    call(i, [&](Peer& peer, Outbox& out) { peer.publish(now_, digests, out); });
  }
  void assume(const NetworkView& network) {
    for (Node& node : nodes_) node.peer->assume(network);
  }
  /// The living that host the digest of `owner`.
  std::size_t hosts_of(std::size_t owner) const {
    std::size_t count = 0;
    for (const Node& node : nodes_) {
      const auto found = node.hosted.find(peer_id(owner));
      count += node.alive && found != node.hosted.end() && found->second > now_;
    }
    return count;
  }
  std::size_t hosted_by(std::size_t i) const { return nodes_[i].hosted.size(); }
  void leave(std::size_t i) {
    call(i, [&](Peer& peer, Outbox& out) { peer.leave(now_, out); });
  }
  /// A message out of nowhere, received now.
  void inject(std::size_t to, std::size_t from, Message message) {
    call(to, [&](Peer& peer, Outbox& out) { peer.receive(now_, peer_id(from), message, out); });
  }
  void report_lost(std::size_t i, std::size_t peer_lost) {
    nodes_[i].links.erase(peer_id(peer_lost));
    call(i, [&](Peer& peer, Outbox& out) { peer.lost(now_, peer_id(peer_lost), out); });
  }

  /// Makes `b` a neighbor of `a`, without a message in flight and without b's knowing.
  void believe(std::size_t a, std::size_t b) {
    deaf_ = true;
    inject(a, b, Neighbor{/*high_priority=*/true});
    deaf_ = false;
  }

  void link(std::size_t a, std::size_t b) {
    believe(a, b);
    believe(b, a);
  }

  /// "0-1 1-2 2-0": links as drawn.
  void draw(std::string_view topology) {
    std::istringstream edges{std::string(topology)};
    std::size_t a = 0, b = 0;
    for (char dash = 0; edges >> a >> dash >> b;) link(a, b);
  }

  /// Dies without a word. Who holds a link to it is told after the latency.
  void crash(std::size_t i) {
    nodes_[i].alive = false;
    for (std::size_t other = 0; other < size(); ++other) {
      if (nodes_[other].alive && nodes_[other].links.contains(peer_id(i))) push_lost(other, i);
    }
  }

  /// Parts the peers numbered below `border` from the others: the links between the two sides break, and no message
  /// crosses until heal().
  void part(std::size_t border) {
    border_ = border;
    for (std::size_t i = 0; i < size(); ++i) {
      for (PeerId peer : nodes_[i].links) {
        if (is_parted(i, to_number(peer))) push_lost(i, to_number(peer));
      }
    }
  }
  void heal() { border_ = 0; }

  void set_loss(std::uint32_t percent) { options_.loss_percent = percent; }

  void run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (!events_.empty() && events_.top().at <= end) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      perform(event);
    }
    now_ = end;
  }

  /// Whether every neighbor's neighbor is back: no half-open link between the living.
  bool views_are_symmetric() const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (!nodes_[i].alive) continue;
      for (PeerId neighbor : peer(i).neighbors()) {
        const auto back = nodes_[to_number(neighbor)].peer->neighbors();
        if (std::find(back.begin(), back.end(), peer_id(i)) == back.end()) return false;
      }
    }
    return true;
  }

  /// Hops from `start` over the active views of the living; -1 for who is not reached.
  std::vector<int> distances(std::size_t start) const {
    std::vector<int> distance(size(), -1);
    std::queue<std::size_t> next;
    distance[start] = 0;
    next.push(start);
    while (!next.empty()) {
      const std::size_t i = next.front();
      next.pop();
      for (PeerId neighbor : peer(i).neighbors()) {
        const std::size_t n = to_number(neighbor);
        if (distance[n] >= 0 || !nodes_[n].alive) continue;
        distance[n] = distance[i] + 1;
        next.push(n);
      }
    }
    return distance;
  }

  /// The living that `start` does not reach.
  std::size_t unreached_from(std::size_t start) const {
    const std::vector<int> distance = distances(start);
    std::size_t count = 0;
    for (std::size_t i = 0; i < size(); ++i) count += nodes_[i].alive && distance[i] < 0;
    return count;
  }

 private:
  struct Event {
    enum Kind : std::uint8_t { kMessage, kLost, kTick };
    Instant at;
    std::uint64_t order = 0;
    std::size_t to = 0;
    std::size_t from = 0;
    Kind kind = kMessage;
    Message message = Join{};
    /// As in the simulator: by time, then by who sent it.
    bool operator<(const Event& other) const { return std::tie(other.at, other.from, other.order) < std::tie(at, from, order); }
  };

  struct Node {
    std::vector<PeerId> active, passive, outbound;
    std::vector<SeenSlot> seen;
    std::unique_ptr<Peer> peer;
    std::set<PeerId> links;  // kept, because the peer asked for it
    std::vector<Deliver> delivered;
    std::map<PeerId, Instant> hosted;  // whose digests, until when; a digest knows what the library answers
    std::uint64_t lookups = 0;
    Instant tick_at = kNever;
    bool alive = true;
  };

  void push(Event event) {
    event.order = order_++;
    events_.push(std::move(event));
  }

  bool is_parted(std::size_t a, std::size_t b) const { return (a < border_) != (b < border_); }

  /// After the latency `i` is told that it cannot reach `gone`.
  void push_lost(std::size_t i, std::size_t gone) {
    push({.at = now_ + options_.latency, .to = i, .from = gone, .kind = Event::kLost});
  }

  void perform(const Event& event) {
    Node& node = nodes_[event.to];
    if (event.kind == Event::kTick && node.tick_at == event.at) node.tick_at = kNever;
    if (!node.alive) {
      if (event.kind == Event::kMessage) push_lost(event.from, event.to);
      return;
    }
    switch (event.kind) {
      case Event::kMessage:
        return call(event.to,
                    [&](Peer& peer, Outbox& out) { peer.receive(now_, peer_id(event.from), event.message, out); });
      case Event::kLost: return report_lost(event.to, event.from);
      case Event::kTick: return call(event.to, [&](Peer& peer, Outbox& out) { peer.tick(now_, out); });
    }
  }

  template <class Call>
  void call(std::size_t i, Call make_call) {
    Outbox out;
    make_call(*nodes_[i].peer, out);
    for (const Effect& effect : out) {
      if (on_effect && !deaf_) on_effect(peer_id(i), effect);
      std::visit([&](const auto& body) { carry_out(i, body); }, effect);
    }
    check(i);
    schedule_tick(i);
  }

  void carry_out(std::size_t i, const Send& send) {
    ASSERT_NE(send.to, peer_id(i)) << "a peer sends to itself";
    if (deaf_) return;
    ++messages_;
    ++messages_by_kind_[send.message.index()];
    if (is_parted(i, to_number(send.to))) return push_lost(i, to_number(send.to));
    if (random_.below(100) < options_.loss_percent) return;
    const std::size_t copies = random_.below(100) < options_.repeat_percent ? 2 : 1;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const auto jitter =
          static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(options_.jitter.count()) + 1));
      push({.at = now_ + options_.latency + Duration(jitter),
            .to = to_number(send.to),
            .from = i,
            .message = send.message});
    }
  }
  void carry_out(std::size_t i, const Lookup& lookup) {
    ++nodes_[i].lookups;
    const std::vector<Hit> hits = library ? library(peer_id(i), *lookup.request) : std::vector<Hit>{};
    std::vector<PeerId> owners;
    std::uint8_t canaries = 0;
    if (lookup.hosted) {
      for (const auto& [owner, expiry] : nodes_[i].hosted) {
        if (expiry <= now_) continue;
        if (library && !library(owner, *lookup.request).empty()) owners.push_back(owner);
        for (std::size_t c = 0; c < lookup.request->canaries.size(); ++c) {
          if (lookup.request->canaries[c] == to_number(owner)) canaries |= static_cast<std::uint8_t>(1u << c);
        }
      }
    }
    call(i, [&](Peer& peer, Outbox& out) { peer.answer(now_, lookup, Found{hits, boxed(hits)}, Hosted{owners, canaries}, out); });
  }
  void carry_out(std::size_t i, const Open& open) {
    call(i, [&](Peer& peer, Outbox& out) { peer.opened(now_, open, unboxed(open.box), out); });
  }
  void carry_out(std::size_t i, const HostDigest& host) { nodes_[i].hosted[host.owner] = host.expiry; }
  void carry_out(std::size_t i, const DropDigest& drop) { nodes_[i].hosted.erase(drop.owner); }
  void carry_out(std::size_t i, const Connect& connect) {
    ASSERT_TRUE(nodes_[i].links.insert(connect.peer).second) << i << " connects twice to " << to_number(connect.peer);
    const std::size_t other = to_number(connect.peer);
    if (!nodes_[other].alive || is_parted(i, other)) push_lost(i, other);
  }
  void carry_out(std::size_t i, const Disconnect& disconnect) {
    ASSERT_EQ(nodes_[i].links.erase(disconnect.peer), 1u) << i << " disconnects no link " << to_number(disconnect.peer);
  }
  void carry_out(std::size_t i, const Ban& ban) { nodes_[i].links.erase(ban.peer); }
  void carry_out(std::size_t i, const Deliver& deliver) { nodes_[i].delivered.push_back(deliver); }

  void check(std::size_t i) const {
    const std::span<const PeerId> active = peer(i).neighbors(), passive = peer(i).passive_view();
    std::set<PeerId> all(active.begin(), active.end());
    ASSERT_EQ(all, nodes_[i].links) << "links and active view of " << i << " differ";
    all.insert(passive.begin(), passive.end());
    ASSERT_EQ(all.size(), active.size() + passive.size()) << "a name stands twice in the views of " << i;
    ASSERT_FALSE(all.contains(peer_id(i))) << i << " is in its own views";
    ASSERT_LE(active.size(), options_.config.active_size);
    ASSERT_LE(passive.size(), options_.config.passive_size);
  }

  void schedule_tick(std::size_t i) {
    const Instant next = nodes_[i].peer->next_deadline();
    if (next >= nodes_[i].tick_at) return;
    nodes_[i].tick_at = next;
    push({.at = std::max(next, now_), .to = i, .from = i, .kind = Event::kTick});
  }

  Options options_;
  Random random_;
  Instant now_{};
  std::vector<Node> nodes_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::size_t border_ = 0;  // between the two sides of a partition; 0: all are on one side
  std::uint64_t messages_ = 0;
  std::array<std::uint64_t, std::variant_size_v<Message>> messages_by_kind_{};
  bool deaf_ = false;
};

/// Parameters for a drawn network: nobody shuffles, so the links stay as drawn.
inline NetOfPeers::Options still(std::uint8_t active_size = 8) {
  NetOfPeers::Options options;
  options.config.active_size = active_size;
  options.config.shuffle_period = 24h;
  return options;
}

}  // namespace earshot::overlay
