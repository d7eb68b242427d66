// How a query spreads: one interface, one table. Adding a strategy is one file and one line in the table of
// strategy.cpp (and its kind in schema/search.h, because kinds go over the wire).
//
// A strategy has no state of its own: whatever it must know stands in the query, in the progress at the origin, or in
// the neighbourhood. So one object serves every peer of a process.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "overlay/config.h"
#include "overlay/effect.h"
#include "overlay/message.h"
#include "overlay/turn.h"
#include "schema/ids.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::overlay {

/// What a strategy may see of the peer that it works at, and the only thing that it may do: send copies on.
class Spread {
 public:
  /// `visited`: at the origin, the visits that earlier waves were sent for.
  Spread(Turn& turn, std::span<const PeerId> neighbors, std::uint32_t visited = 0)
      : turn_(turn), neighbors_(neighbors), degree_(neighbors.size()), visited_(visited) {}

  /// At the origin, with a stem: copies go to `stems` only, as if they were all neighbors, and spread further on.
  Spread(Turn& turn, std::span<const PeerId> stems, std::size_t degree, std::uint32_t visited)
      : turn_(turn), neighbors_(stems), degree_(degree), visited_(visited), stem_(true) {}

  const Config& config() const { return turn_.config; }
  const NetworkView& network() const { return turn_.network; }
  std::span<const PeerId> neighbors() const { return neighbors_; }
  /// Neighbors that a peer has from where the question spreads.
  std::size_t degree() const { return degree_; }
  Random& random() { return turn_.random; }
  std::uint32_t visited() const { return visited_; }

  /// Sends the query one hop on. REQUIRES: query.ttl > 0.
  void pass_on(const Query& query, PeerId to) {
    send(query, to, static_cast<std::uint16_t>(query.ttl - 1), query.visits);
  }

  /// Sends the query one hop on, to be seen by `visits` peers. The bubble's step; it has no use for ttl.
  void pass_on(const Query& query, PeerId to, std::uint32_t visits) { send(query, to, query.ttl, visits); }

  /// At the origin: what the wave is expected to reach and to cost.
  void expect(std::uint32_t peers, std::uint32_t messages) {
    peers_ += peers;
    messages_ += messages;
  }
  /// The same where the number of peers is exact, so that canaries may count.
  void expect_visits(std::uint32_t visits) {
    expect(visits, visits + visits / 12);  // 1.08 messages a visit, bubble.h
    visited_ += visits;
  }

  /// Copies sent so far by this object.
  std::uint32_t sent() const { return sent_; }
  std::uint32_t expected_peers() const { return peers_; }
  std::uint32_t expected_messages() const { return messages_; }

 private:
  void send(const Query& query, PeerId to, std::uint16_t ttl, std::uint32_t visits) {
    turn_.send(to, Query{query.id, query.request, query.strategy, ttl,
                         static_cast<std::uint16_t>(query.hops + 1), visits, /*direct=*/false, stem_});
    ++sent_;
  }

  Turn& turn_;
  std::span<const PeerId> neighbors_;
  std::size_t degree_;
  std::uint32_t sent_ = 0;
  std::uint32_t peers_ = 0;
  std::uint32_t messages_ = 0;
  std::uint32_t visited_;
  bool stem_ = false;
};

/// What follows a wave: after `wait` the next one, or the end of the query.
struct Next {
  Duration wait{};
  bool end = false;
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  /// hops of a query, and hops + ttl, never exceed this; receipts are clamped to it before relay() sees them.
  virtual std::uint16_t max_ttl() const = 0;

  /// At the origin: sends wave `n`. Called with 0 when the query is asked, and again after the wait that it returned, as
  /// long as the query is open; nothing returned: no further wave, and the query stays open until its deadline. `query` has
  /// hops 0, and the request's ttl.
  virtual std::optional<Next> wave(std::uint32_t n, const Query& query, const Progress& progress,
                                   Spread& spread) const = 0;

  /// Whether wave n goes out under the query's id plus n, so that peers which saw an earlier wave pass it on once more.
  virtual bool renews_id() const { return false; }

  /// Whether relay() is also called for copies of a query that was seen here before.
  virtual bool relays_repeats() const = 0;

  /// Whether the peer that gets this copy first looks for answers.
  virtual bool looks(const Query& /*query*/) const { return true; }

  /// Whether those who look also ask the digests that they host. Not where everybody within reach is asked himself: then each
  /// holder would be asked again by each of his hosts.
  virtual bool meets_digests() const { return false; }

  /// Whether its waves may go out over a stem: not where they depend on which neighbors they go to.
  virtual bool may_stem() const { return true; }

  /// At every other peer, for a copy that arrives. `first`: the query was not seen here before.
  virtual void relay(const Query& query, PeerId from, bool first, Spread& spread) const = 0;
};

/// How long to wait for the answers to copies that go `hops` links far: there and back, and once to an owner whose digest a
/// host knows and back.
inline Duration answer_time(const Config& config, std::uint32_t hops) { return config.hop_time * (2 * hops + 2); }

struct StrategyEntry {
  StrategyKind kind;
  std::string_view name;  // as people write it
  const Strategy* strategy;
};

/// Every strategy there is, in the order of their kinds.
std::span<const StrategyEntry> strategies();

/// Null for a kind that this version does not know.
const Strategy* strategy_of(StrategyKind kind);

/// What peers of this configuration follow: the same, but for a strategy that is being tried out.
inline const Strategy* strategy_of(StrategyKind kind, const Config& config) {
  return config.tried != nullptr && kind == config.tried_kind ? config.tried : strategy_of(kind);
}

/// By the name that people write; null for one that is not in the table.
const StrategyEntry* strategy_named(std::string_view name);

/// All names, separated by ", ".
std::string strategy_names();

// What the table refers to; each is specified and defined in the file of its name.
const Strategy& flood();
const Strategy& walk();
const Strategy& ring();
const Strategy& dynamic();
const Strategy& bubble();
const Strategy& automatic();

}  // namespace earshot::overlay
