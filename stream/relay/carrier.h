// A way for datagrams where UDP does not get through: links that somebody else keeps up, such as an overlay's. The swarms above do
// not see a difference: the same handshakes, the same proofs, the same LEDBAT. A peer behind a link has an endpoint like any other.
//
// Rules
//  1. A link's endpoint is an address of 100::/64, which no network carries (RFC 6666), and holds the link's number. It means something
//     here only: it is never told to others, never believed from them, and dropped where it comes as the source of a UDP datagram.
//  2. UDP comes first: the peer behind a link is dialled when nobody has answered for a while (ppspp/swarm.h, rule 9).
//  3. Datagrams leave at kRate at most, all links together, so that the overlay's own frames find their way (share.h).
#pragma once

#include <cstdint>
#include <functional>

#include "schema/bytes.h"
#include "schema/endpoint.h"

namespace earshot::stream::relay {

enum class LinkNumber : std::uint32_t {};

constexpr Endpoint endpoint_of(LinkNumber link) {
  Endpoint endpoint;
  endpoint.address[0] = 1;
  for (std::size_t i = 0; i < 4; ++i) endpoint.address[12 + i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(link) >> (24 - 8 * i));
  endpoint.port = 1;
  return endpoint;
}

constexpr bool is_link(const Endpoint& endpoint) {
  if (endpoint.address[0] != 1) return false;
  for (std::size_t i = 1; i < 8; ++i) {
    if (endpoint.address[i] != 0) return false;
  }
  return true;
}

/// REQUIRES: is_link(endpoint).
constexpr LinkNumber link_of(const Endpoint& endpoint) {
  std::uint32_t number = 0;
  for (std::size_t i = 12; i < 16; ++i) number = number << 8 | endpoint.address[i];
  return LinkNumber{number};
}

class Carrier {
 public:
  using Hear = std::function<void(LinkNumber from, ByteView datagram)>;

  virtual ~Carrier() = default;
  /// Does not wait: what cannot go is lost, as any datagram may be. From any thread.
  virtual void send(LinkNumber to, ByteView datagram) = 0;
  /// Who is told what comes, on any thread, and must not wait either. Nobody, with an empty one: then no call is under way any more.
  virtual void listen(Hear hear) = 0;
};

}  // namespace earshot::stream::relay
