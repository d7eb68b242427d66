// The real driver: one overlay peer on real sockets. A reactor thread owns the peer and the transport and is the only
// place that reads a clock; look-up workers own reads of the index; everyone else posts to the reactor and waits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/index.h"
#include "overlay/config.h"
#include "overlay/effect.h"
#include "overlay/estimate/budget.h"
#include "overlay/net/identity.h"
#include "overlay/net/transport.h"
#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/search.h"
#include "tools/node/digest_host.h"
#include "tools/node/lookup_worker.h"

namespace earshot::node {

struct NodeOptions {
  Endpoint listen;                       // port 0: any free port
  std::uint16_t stream_port = 0;         // told to others in our contact
  std::vector<Contact> bootstrap;        // may be empty: wait to be found
  std::filesystem::path address_book;    // remembered contacts; empty: none are kept
  std::filesystem::path network;         // what is remembered of the network; empty: nothing
  bool local_only = false;               // neither dials nor lets in anybody from the public internet
  bool digests = true;                   // publishes its own and hosts those of others, where the index can
  bool browsable = true;                 // shows what it shares to who asks
  overlay::Config protocol = overlay::among_strangers();
  std::size_t links = 256;               // at most, each way
  std::string agent;                     // program and version, told to neighbors
  /// What comes over links and is not the overlay's (link_carrier.h); called on the reactor thread. Empty: it is dropped.
  std::function<void(PeerId from, ByteView datagram)> on_stream_datagram;
};

/// A hit with its holder made reachable: what leaves the reactor.
struct ReachableHit {
  Track track;
  Contact holder;
  std::uint32_t score = 0;
  std::uint16_t hops = 0;
};

struct SearchEvent {
  std::vector<ReachableHit> hits;
  overlay::Progress progress;
  bool last = false;
};

/// A page of what one peer shares.
struct SharePage {
  std::vector<Track> tracks;
  Contact holder;
  std::uint32_t shared = 0;  // tracks in all
  std::uint32_t next = 0;    // the place to go on from; `shared` or beyond: that was all
};
using OnPage = std::function<void(Result<SharePage>)>;

struct PeerRow {
  Contact contact;
  std::string agent;
  bool neighbor = false;    // in the active view
  bool inbound = false;     // it dialled us
  Duration connected{};     // how long
  std::uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0, dropped = 0;
  double score = 0;         // in points: what it has done for us and against us, lately
  std::vector<std::pair<std::string_view, std::uint32_t>> deeds;  // and how often
};

struct NodeStatus {
  Contact self;
  std::size_t neighbors = 0, passive = 0, links = 0, contacts = 0, open_queries = 0;
  std::uint64_t queries_in = 0, queries_out = 0, duplicates = 0, hits_relayed = 0, malformed = 0, unknown = 0;
  std::uint64_t lookups_dropped = 0;  // strangers' questions that our own library was too busy for
  LookupTimes lookups;
  DigestHost::Counts digests;
  overlay::NetworkView network;       // as far as it is known
  overlay::net::Traffic traffic;
  Duration uptime{};
};

/// Thread-safe. Callbacks run on the reactor thread and must not block; of this object's members they may call cancel,
/// join and self.
class Node {
 public:
  /// Binds, starts the threads, joins. The identity and the index must outlive the node. Errors: kInvalid, kUnreachable
  /// (port taken).
  static Result<std::unique_ptr<Node>> start(const overlay::net::Identity& identity, const NodeOptions& options,
                                             index::Index& index);

  /// Leaves the network (says good-bye), saves the address book and joins the threads.
  virtual ~Node() = default;

  virtual Contact self() const = 0;

  /// `on_event` is called until `last`, perhaps before this returns. Errors: kInvalid, kExhausted (too many open
  /// queries).
  virtual Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) = 0;
  virtual void cancel(const QueryId& id) = 0;

  /// Asks one peer what it shares, from this place of its list on; without an address it must be known. `on_page` is called
  /// once, unless an error comes back: kNotFound, kExhausted. Errors told there: kDenied (it does not show it), kTimedOut,
  /// kUnreachable, kInvalid, kStopped.
  virtual Result<void> browse(const Contact& peer, std::uint32_t place, OnPage on_page) = 0;

  virtual void join(std::vector<Contact> contacts) = 0;
  virtual NodeStatus status() const = 0;
  virtual std::vector<PeerRow> peers() const = 0;

  /// The name under which a contact is reached over a link; kNoPeer: not at all.
  virtual PeerId link_to(const Contact&) { return kNoPeer; }
  /// Sends a frame that is not the overlay's, behind all that is. Without a link one is dialled.
  virtual void send_over_link(PeerId, Bytes) {}
};

}  // namespace earshot::node
