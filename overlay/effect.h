// Everything that a peer can ask of the world, one closed list. A driver (tools/node, sim) visits it without a default
// arm, so that a new effect does not compile until both drivers know it.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "overlay/message.h"
#include "schema/ids.h"
#include "schema/search.h"

namespace earshot::overlay {

/// Send a message. No link to `to` yet: open one, send, and let it go when it has been idle for a while.
struct Send { PeerId to = kNoPeer; Message message; };

/// Look in our own library, then call Peer::answer with the same id, once, hits or none.
struct Lookup { QueryId id; std::shared_ptr<const SearchRequest> request; };

/// Keep a link to this peer until Disconnect or until lost() is reported: it is a neighbor now.
struct Connect { PeerId peer = kNoPeer; };

/// The link need not be kept: let it go once what was sent has left.
struct Disconnect { PeerId peer = kNoPeer; };

/// What a query has cost and found so far, at its origin.
struct Progress {
  std::uint32_t messages_sent = 0;  // copies of the query that we sent ourselves
  std::uint32_t hits = 0;           // delivered so far, this delivery included
  std::uint32_t answers = 0;        // Hits messages received
};

/// Hits for a query that this peer asked. `last`: the query is closed, nothing more will come.
struct Deliver {
  QueryId id;
  std::shared_ptr<const std::vector<Hit>> hits;  // may be empty, never null
  std::uint16_t hops = 0;                        // from the holder; 0: our own library
  Progress progress;
  bool last = false;
};

using Effect = std::variant<Send, Lookup, Connect, Disconnect, Deliver>;

/// The effects of one call, in order. The driver lends it empty and empties it after each call.
using Outbox = std::vector<Effect>;

}  // namespace earshot::overlay
