// Frames between us and any peer of the address book: links are made when there is something to send, one a key, and
// closed when nothing was said for a while. It moves frames and reads only the first one of each link, the Hello.
//
// Rules
//  1. Identity is the key that CURVE proved. A name that a stranger chooses (a routing id, a field) decides nothing.
//  2. The first frame each way is a Hello: the dialler's, then ours. Its key must be the link's and its versions must
//     meet ours. Whoever connects and says none within kGreetingTime is cut.
//  3. One link a key. When two peers dial each other at once, both keep the link that the smaller key dialled; the
//     other is still read for kRetireTime, so that nothing sent on it is lost, and then hung up by its dialler. A second
//     link in the same direction means that the first one is dead: the new one stays.
//  4. Nothing waits for a slow peer: sends never block, queues have a budget (send_queue.h) and so have all of them
//     together. A dial that brings no Hello within kDialTime has failed; the next one waits (address_book.h).
//  5. Links that nobody pinned are closed after idle_time; when all inbound places are taken, the unpinned link that was
//     silent for longest gives its place to the newcomer, and if all are pinned the newcomer is cut.
//     What an attacker gains: with many keys it can take unpinned places, which are only ever useful for seconds.
//
// Who sees what first: a killed peer's TCP connection closes, which the socket's monitor reports at once; a frozen one
// misses heartbeats and is gone after 20 s (measured: 4 ms and 20.0 s).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "overlay/net/address_book.h"
#include "overlay/net/gate.h"
#include "overlay/net/identity.h"
#include "overlay/net/send_queue.h"
#include "overlay/net/sockets.h"
#include "overlay/wire.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::overlay::net {

struct TransportOptions {
  Endpoint listen;                // port 0: any free port
  std::uint16_t stream_port = 0;  // told in our Hello
  std::string agent;
  Duration idle_time = 60s;
  std::size_t max_inbound = 256;   // x (39 kB of ZeroMQ + 2 x 32 frames at the worst, 4 MiB): 10 MiB at rest
  std::size_t max_outbound = 256;
  Reach farthest = Reach::kPublic;  // from where links are let in
};

/// A frame from a peer whose Hello was accepted.
struct Received { PeerId from = kNoPeer; Bytes frame; };
struct LinkUp { PeerId peer = kNoPeer; bool inbound = false; };
/// What was queued for it is gone; a dial that failed ends so, too.
struct LinkLost { PeerId peer = kNoPeer; std::string why; };
/// A connection that came to nothing, for the log.
struct Refused { Endpoint address; std::string why; };
using Report = std::variant<Received, LinkUp, LinkLost, Refused>;

/// One line of a table for people.
struct LinkRow {
  PeerId peer = kNoPeer;
  std::string agent;
  bool inbound = false;
  Duration connected{};
  std::uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0, dropped = 0;
};

/// Of all links since the start, those that are gone included.
struct Traffic { std::uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0, dropped = 0; };

/// Owned by one thread, which alternates wait() and run(); wake() alone may be called from any thread.
class Transport {
 public:
  /// Binds and tells the book where we are. The book must outlive it. Errors: kUnreachable, kUnsupported.
  static Result<std::unique_ptr<Transport>> open(const Identity& identity, const TransportOptions& options,
                                                 AddressBook& book, Random random);

  const Contact& self() const { return self_; }

  /// Returns when something arrived, wake() was called, or `patience` is over; at once when run() has work left.
  void wait(Duration patience);
  void wake() { sockets_->wake(); }

  /// Reads at most `max_frames` frames, keeps all deadlines, appends what happened. Never waits.
  void run(Instant now, std::size_t max_frames, std::vector<Report>& reports);

  /// When run() must be called again even if nothing arrives.
  Instant next_deadline() const;

  /// Queues a frame; dials when there is no link. Fails by a LinkLost of the next run().
  void send(Instant now, PeerId to, Bytes frame, Priority priority);

  /// A pinned link is dialled at once and not closed for silence.
  void pin(Instant now, PeerId peer);
  void unpin(PeerId peer);

  /// Cuts the peer's links and refuses its key until then.
  void ban(PeerId peer, Instant until);

  /// True once nothing is queued for any link that is up.
  bool all_sent() const;

  std::size_t links() const;
  std::vector<LinkRow> rows(Instant now) const;
  const Traffic& traffic() const { return traffic_; }

 private:
  using LinkName = std::pair<Side, std::string>;
  enum class Stage : std::uint8_t { kDialling, kUp, kRetiring };

  struct Link {
    LinkName name;
    Stage stage = Stage::kDialling;
    NodeKey key;
    PeerId peer = kNoPeer;
    Instant deadline = kNever;  // of a dial, or of a retirement
    std::string dialled;        // outbound
    int descriptor = -1;        // inbound
    Endpoint remote;            // inbound: address and port of its TCP connection
  };

  /// Everything about one peer that we have a link with, or want one.
  struct Remote {
    PeerId peer = kNoPeer;
    Link* link = nullptr;       // up; where we send
    Link* dial = nullptr;       // under way
    bool pinned = false;
    bool full = false;          // ZeroMQ took no more; tried again soon
    Instant used{};             // last frame either way
    Instant up_since{};
    SendQueue queue;
    std::string agent;
    std::uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0, dropped = 0;
  };

  /// An accepted connection that has not said Hello.
  struct Stranger { Endpoint remote; Instant deadline; };

  Transport(const TransportOptions& options, AddressBook& book, Random random);

  void take_event(Instant now, const SocketEvent& event);
  void take(Instant now, Incoming incoming);
  void greet_inbound(Instant now, const Incoming& incoming);
  void greet_outbound(Instant now, Link& link, const Incoming& incoming);
  Result<wire::Hello> hello_of(const Incoming& incoming, const NodeKey& key) const;
  void link_is_up(Instant now, Link& link, const wire::Hello& hello);
  bool keeps_newcomer(const Link& newcomer, const Link& present) const;
  void retire(Instant now, Link& link);

  Remote& remote_of(Instant now, PeerId peer);
  void dial(Instant now, Remote& remote);
  void flush(Instant now, Remote& remote);
  void drop(Instant now, Link& link, std::string_view why);
  void close(Link& link);
  void forget(PeerId peer, std::string_view why);
  bool make_room(Instant now, Side side);
  std::size_t links_of(Side side) const { return side == Side::kInbound ? by_descriptor_.size() : by_dialled_.size(); }
  void cut_stranger(int descriptor, std::string_view why);
  void sweep(Instant now);
  void arm(Instant deadline);

  TransportOptions options_;
  AddressBook& book_;
  Random random_;
  Gate gate_;
  std::unique_ptr<Sockets> sockets_;
  Contact self_;
  Bytes hello_;

  std::map<LinkName, std::unique_ptr<Link>> links_;
  std::map<PeerId, Remote> remotes_;
  std::map<std::string, Link*> by_dialled_;    // outbound
  std::map<int, Link*> by_descriptor_;         // inbound
  std::map<int, Stranger> strangers_;
  Traffic traffic_;
  std::size_t queued_bytes_ = 0;
  std::size_t full_ = 0;                       // remotes that wait for ZeroMQ
  Instant next_sweep_ = kNever;
  std::vector<Report> pending_;
  bool frames_left_ = false;
  Instant now_{};                              // of the newest call
};

}  // namespace earshot::overlay::net
