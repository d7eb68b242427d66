// Everything that a peer can ask of the world, one closed list. A driver (tools/node, sim) visits it without a default
// arm, so that a new effect does not compile until both drivers know it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "overlay/message.h"
#include "schema/ids.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::overlay {

/// Send a message. No link to `to` yet: open one, send, and let it go when it has been idle for a while.
struct Send { PeerId to = kNoPeer; Message message; };

/// Look in our own library and, if `hosted`, among the digests that we host; then call Peer::answer with the same id, once,
/// whether anything was found or not. A request with `keep` is held against digests that we are to host later, too: for one
/// that may answer it the driver calls Peer::answer again, with its owner; and when our own library has something new for it,
/// with that.
struct Lookup { QueryId id; std::shared_ptr<const SearchRequest> request; bool hosted = true; };

/// What the digests that we host say to a Lookup.
struct Hosted {
  std::span<const PeerId> owners;  // whose digest has every word of it
  std::uint8_t canaries = 0;       // bit i: we host the digest of request->canaries[i]
};

/// Keep this digest until `expiry`, in place of an earlier one of the same owner and shard. Whether there is room, and
/// whether its signature holds, is the store's business; nothing need be said of it.
struct HostDigest { PeerId owner = kNoPeer; SharedDigest digest; Instant expiry; };

/// Forget the digests of this owner: he cannot be reached.
struct DropDigest { PeerId owner = kNoPeer; };

/// Keep a link to this peer until Disconnect or until lost() is reported: it is a neighbor now.
struct Connect { PeerId peer = kNoPeer; };

/// The link need not be kept: let it go once what was sent has left.
struct Disconnect { PeerId peer = kNoPeer; };

/// The share of the network that an answer covers, in thousandths: the chance that what exists once would be found.
struct Coverage {
  std::uint16_t permille = 0;
  std::uint16_t least = 0;     // the ends of a 95 % interval
  std::uint16_t most = 1000;
  bool operator==(const Coverage&) const = default;
};

/// What a query has cost and found so far, at its origin.
struct Progress {
  std::uint32_t messages_sent = 0;  // copies of the query that we sent ourselves
  std::uint32_t hits = 0;           // delivered so far, this delivery included
  std::uint32_t answers = 0;        // Hits messages received
  std::uint32_t peers_asked = 0;    // how many the copies sent so far are meant to reach
  std::uint32_t messages = 0;       // what that costs in all: copies sent by anybody (an estimate)
  Coverage coverage;                // nothing known: 0, from 0 to 1000
};

/// Hits for a query that this peer asked. `last`: the query is closed, nothing more will come.
struct Deliver {
  QueryId id;
  std::shared_ptr<const std::vector<Hit>> hits;  // may be empty, never null
  std::uint16_t hops = 0;                        // from the holder; 0: our own library
  Progress progress;
  bool last = false;
};

using Effect = std::variant<Send, Lookup, Connect, Disconnect, Deliver, HostDigest, DropDigest>;

/// The effects of one call, in order. The driver lends it empty and empties it after each call.
using Outbox = std::vector<Effect>;

}  // namespace earshot::overlay
