// One peer of the overlay: the only entry point of the protocol. Pure: no IO, no clock, no thread, no randomness but
// the stream it was given. The same calls leave the same effects, in the same order, on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "overlay/config.h"
#include "overlay/effect.h"
#include "overlay/estimate/estimates.h"
#include "overlay/membership/membership.h"
#include "overlay/message.h"
#include "overlay/publish/publisher.h"
#include "overlay/search/search.h"
#include "overlay/turn.h"
#include "schema/ids.h"
#include "schema/prefetch.h"
#include "schema/random.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::overlay {

/// The memory that a peer works in, cut from one slab by its driver: capacity is the driver's decision, layout ours.
/// `active` must hold Config::active_size entries, `passive` Config::passive_size, `seen` a positive multiple of
/// SeenQueries::kWays, fresh and best aligned to 64 bytes. Further entries of the views are left alone.
struct Memory {
  std::span<PeerId> active;
  std::span<PeerId> passive;
  std::span<SeenSlot> seen;
};

/// The contract. A driver makes these calls from one thread and keeps four promises:
///  1. `now` never goes back from one call to the next.
///  2. After each call it carries out the lent outbox in order and empties it before the next call.
///  3. It calls tick() no later than next_deadline().
///  4. It hands in only messages that wire::decode accepted (or that never were bytes).
/// It need not promise more: messages may be lost, repeated and reordered; lost() may come late, twice, or for a peer
/// that is no neighbor; answer() may come after its query has closed.
/// A driver of many should align each to a cache line, so that a message touches as few of them as can be.
class Peer {
 public:
  /// `config` must outlive the peer. REQUIRES: validate(config).
  Peer(PeerId self, const Config& config, Random random, Memory memory);

  /// A peer of a fixed graph: it starts with these neighbors, each of whom must start with it, and takes nobody for one
  /// who is lost. Its active view is exactly as large as they are many, and it has no passive view, whatever the
  /// configuration says. REQUIRES: memory.active holds neighbors.size() entries; nobody calls join().
  Peer(PeerId self, const Config& config, Random random, Memory memory, std::span<const PeerId> neighbors);

  // Two peers never share the memory that they were lent.
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  Peer(Peer&&) = default;
  Peer& operator=(Peer&&) = delete;

  void receive(Instant now, PeerId from, const Message& message, Outbox& out);
  /// A Lookup has finished. Hits name ourselves as holder. `hosted` is empty unless the Lookup asked for it.
  void answer(Instant now, const Lookup& lookup, std::span<const Hit> hits, const Hosted& hosted, Outbox& out);
  /// The link to this peer is gone, or could not be opened.
  void lost(Instant now, PeerId peer, Outbox& out);
  void tick(Instant now, Outbox& out);
  /// Enter the network through any of these. Safe to repeat; contacts are kept for when every neighbor is lost.
  void join(Instant now, std::span<const PeerId> contacts, Outbox& out);
  /// Asks; results arrive as Deliver, the last one marked. REQUIRES: validate(request), fewer than
  /// limits::kMaxOpenQueries open.
  QueryId ask(Instant now, SearchRequest request, Outbox& out);
  /// Stops waiting: delivers the last marker at once. Unknown ids are ignored.
  void cancel(Instant now, const QueryId& id, Outbox& out);
  /// Our library's digests from now on, one a shard; they are published again and again until others take their place.
  void publish(Instant now, SharedDigests digests, Outbox& out);
  /// What is known of the network beforehand, from when the peer was last here.
  void assume(const NetworkView& network) { estimates_.assume(network); }
  /// Says good-bye to every neighbor.
  void leave(Instant now, Outbox& out);

  Instant next_deadline() const {
    return std::min({search_.next_deadline(), membership_.next_deadline(), rounds_at_});
  }

  /// A hint that this message comes soon, for a driver of many peers: brings in the memory that receive() will touch
  /// behind the peer itself. With a million peers it is worth a factor of 2 to 3. Changes nothing.
  void prefetch(const Message& message) const {
    earshot::prefetch(neighbors().data());
    if (const Query* const query = std::get_if<Query>(&message)) search_.prefetch(query->id);
  }

  /// The same before a tick, or a message that is none of a search.
  void prefetch_upkeep() const {
    constexpr std::size_t kNamesPerLine = 64 / sizeof(PeerId);
    earshot::prefetch(neighbors().data());
    for (std::size_t i = 0; i < passive_view().size(); i += kNamesPerLine) earshot::prefetch(passive_view().data() + i);
    estimates_.prefetch();
  }

  PeerId self() const { return search_.self(); }
  std::span<const PeerId> neighbors() const { return membership_.active(); }
  std::span<const PeerId> passive_view() const { return membership_.passive(); }
  std::size_t open_queries() const { return search_.open_queries(); }
  const NetworkView& network() const { return estimates_.view(); }

  /// What happened so far; drivers show it.
  using Counters = overlay::Counters;
  const Counters& counters() const { return counters_; }

 private:
  Turn turn(Instant now, Outbox& out);
  /// After each call that may move it; no message does.
  void set_rounds();

  // Ordered by how often a message touches them: a copy of a query seen before stays in the first two cache lines.
  Search search_;
  Instant rounds_at_ = kNever;  // the earlier deadline of estimates_ and publisher_, which lie far from here
  const Config* config_;
  Counters counters_;
  Random random_;
  Membership membership_;
  Estimates estimates_;
  Publisher publisher_;
};

// A million peers: 430 MB of these, and what their drivers lend them. With its driver's 16 bytes one fills seven cache lines.
static_assert(sizeof(Peer) <= 432);
static_assert(sizeof(Message) <= 56);

}  // namespace earshot::overlay
