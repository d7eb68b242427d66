// Everything that a peer can ask of the world, one closed list. A driver (tools/node, sim) visits it without a default
// arm, so that a new effect does not compile until both drivers know it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "overlay/fairness/ledger.h"
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
struct Lookup {
  QueryId id;
  std::shared_ptr<const SearchRequest> request;
  bool hosted = true;
  bool own = false;  // the question is ours: what is found is not sealed
  PeerId from = kNoPeer;  // the link that it came on; look-ups of many links are worked on in turn (fairness/fair_queue.h)
};

/// What our own library says to a Lookup: the hits themselves when the question is ours, else a box that only he who asks can
/// open (SearchRequest::reply_key), signed by us. Hits name ourselves as holder.
struct Found {
  std::span<const Hit> hits;
  SharedBox box;
};

/// A box came for a question of our own: unseal it, check who signed it, keep the hits that the question matches, then call
/// Peer::opened with it, once, even if nothing is left.
struct Open {
  QueryId id;
  SharedBox box;
  PeerId from = kNoPeer;   // the link that it came on
  std::uint16_t hops = 0;
};

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

/// Cut every link with this peer and take none from it for so long; lost() need not follow.
struct Ban { PeerId peer = kNoPeer; Deed why = Deed::kFlooding; Duration time{}; };

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

using Effect = std::variant<Send, Lookup, Open, Connect, Disconnect, Ban, Deliver, HostDigest, DropDigest>;

/// The effects of one call, in order. The driver lends it empty and empties it after each call.
using Outbox = std::vector<Effect>;

}  // namespace earshot::overlay
