// How a query spreads: one interface, one table. Adding a strategy is one file and one line in the table of
// strategy.cpp (and its kind in schema/search.h, because kinds go over the wire).
//
// A strategy has no state of its own: whatever it must know stands in the query, in the progress at the origin, or in
// the neighbourhood. So one object serves every peer of a process.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  Spread(Turn& turn, std::span<const PeerId> neighbors) : turn_(turn), neighbors_(neighbors) {}

  const Config& config() const { return turn_.config; }
  std::span<const PeerId> neighbors() const { return neighbors_; }
  Random& random() { return turn_.random; }

  /// Sends the query one hop on. REQUIRES: query.ttl > 0.
  void pass_on(const Query& query, PeerId to) {
    turn_.send(to, Query{query.id, query.request, query.strategy, static_cast<std::uint16_t>(query.ttl - 1),
                         static_cast<std::uint16_t>(query.hops + 1)});
    ++sent_;
  }

  /// Copies sent so far by this object.
  std::uint32_t sent() const { return sent_; }

 private:
  Turn& turn_;
  std::span<const PeerId> neighbors_;
  std::uint32_t sent_ = 0;
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  /// hops + ttl of a query never exceeds this; receipts are clamped to it before relay() sees them.
  virtual std::uint16_t max_ttl() const = 0;

  /// At the origin: sends wave `n`. Called with 0 when the query is asked, and again after the delay that it returned,
  /// as long as the query is open; nothing returned: no further wave. `query` has hops 0, and the request's ttl.
  virtual std::optional<Duration> wave(std::uint32_t n, const Query& query, const Progress& progress,
                                       Spread& spread) const = 0;

  /// Whether relay() is also called for copies of a query that was seen here before.
  virtual bool relays_repeats() const = 0;

  /// At every other peer, for a copy that arrives.
  virtual void relay(const Query& query, PeerId from, Spread& spread) const = 0;
};

struct StrategyEntry {
  StrategyKind kind;
  std::string_view name;  // as people write it
  const Strategy* strategy;
};

/// Every strategy there is, in the order of their kinds.
std::span<const StrategyEntry> strategies();

/// Null for a kind that this version does not know.
const Strategy* strategy_of(StrategyKind kind);

// What the table refers to; each is specified and defined in the file of its name.
const Strategy& flood();
const Strategy& walk();

}  // namespace earshot::overlay
