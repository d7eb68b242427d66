// ZeroMQ, and all that we must know about it, behind one object: two ROUTER sockets (one bound, one that dials), their
// monitors, the ZAP handler's socket and a wake-up. No rule about peers lives here; transport.h has them.
//
// Why two sockets: a peer chooses the routing id under which our bound socket knows it. Were we to dial on that socket
// too, a stranger that had claimed the id of our next dial would abort the process inside libzmq 4.3.4 (router.cpp,
// "!has_out_pipe"). On the dialling socket all ids are ours: one byte 0x01 and 16 random bytes, never used twice.
// A like assertion (routing_socket_base_t::add_out_pipe) threatens the bound socket: a stranger may claim the id that
// ZeroMQ will give to the next nameless connection, with a chance of one in 2^32 for each pair of the two. 32
// neighborhoods at the gate's 20 handshakes a second against the 256 ids that inbound places allow need 7 hours on
// average; the process then aborts and must be restarted.
//
// A routing id says nothing about who a peer is: that is the CURVE key, which ZAP puts into each message's "User-Id".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "overlay/net/gate.h"
#include "overlay/net/identity.h"
#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::overlay::net {

enum class Side : std::uint8_t { kInbound, kOutbound };

/// One message from the network. `key` is proven on the inbound side and unset on the outbound side, where the dial fixed
/// it; `well_formed` is false for anything but exactly one frame of at most limits::kMaxFrame after the routing id.
struct Incoming {
  Side side = Side::kInbound;
  std::string routing_id;
  Bytes frame;
  std::optional<NodeKey> key;
  Endpoint address;  // the port is 0
  int descriptor = -1;
  bool well_formed = true;
};

/// A TCP connection came or went. Inbound ones are known by descriptor, outbound ones by the text that was dialled.
struct SocketEvent {
  enum class Kind : std::uint8_t { kAccepted, kGone };
  Side side = Side::kInbound;
  Kind kind = Kind::kGone;
  int descriptor = -1;
  std::string dialled;
};

/// Owned by one thread; wake() alone may be called from any.
class Sockets {
 public:
  /// Binds. Errors: kUnreachable when the endpoint is taken or not ours, kUnsupported without CURVE.
  static Result<std::unique_ptr<Sockets>> open(const Identity& identity, const Endpoint& listen);
  /// Waits at most 300 ms for what was already sent.
  ~Sockets();

  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  std::uint16_t port() const { return port_; }

  /// Until something arrives, wake() is called, or `patience` is over.
  void wait(Duration patience);
  void wake();

  std::optional<Incoming> receive(Side side);
  std::optional<SocketEvent> next_event();
  /// Answers one waiting handshake. Nothing waits: nothing.
  std::optional<Gate::Verdict> answer_handshake(Gate& gate, Instant now);

  enum class Sent : std::uint8_t { kDone, kFull, kGone };
  Sent send(Side side, std::string_view routing_id, ByteView frame);

  /// A fresh routing id, or nothing when the text cannot be dialled.
  std::optional<std::string> dial(const std::string& where, const NodeKey& key);
  void hang_up(const std::string& where);

  /// Ends an accepted connection, if the descriptor is still the connection to `remote`: ZeroMQ has no call for it.
  static void cut(int descriptor, const Endpoint& remote);
  /// The other end of an accepted connection.
  static std::optional<Endpoint> remote_end(int descriptor);

 private:
  Sockets() = default;
  Result<void> start(const Identity& identity, const Endpoint& listen);
  std::optional<SocketEvent> read_event(Side side);

  struct CloseContext { void operator()(void* context) const; };
  struct CloseSocket { void operator()(void* socket) const; };
  using Socket = std::unique_ptr<void, CloseSocket>;

  Socket open_socket(int type);
  void* router(Side side) const { return side == Side::kInbound ? inbound_.get() : outbound_.get(); }

  // Destroyed from the last to the first: the ZAP handler outlives the sockets that ask it, the context all of them.
  std::unique_ptr<void, CloseContext> context_;
  Socket zap_;
  Socket inbound_monitor_, outbound_monitor_;
  Socket inbound_, outbound_;
  int wake_ = -1;
  std::uint16_t port_ = 0;
};

/// What ZeroMQ dials: "tcp://10.0.0.1:4040", "tcp://[::1]:4040".
std::string dial_text(const Endpoint& endpoint);

}  // namespace earshot::overlay::net
