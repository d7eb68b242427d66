// Where a peer can be reached: addresses, ports, and the contact that says both who and where.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/ids.h"
#include "schema/result.h"

namespace earshot {

/// An IPv6 address (IPv4 as ::ffff:a.b.c.d) and a port, TCP or UDP by context.
struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;

  bool is_v4() const;
  bool is_loopback() const;
  /// 0.0.0.0 or ::, "any address of mine": good to listen on, never to dial.
  bool is_unspecified() const;
};

/// "127.0.0.1:4040" or "[::1]:4040".
std::string to_string(const Endpoint& endpoint);

/// Numeric addresses only, no names. Errors: kInvalid.
Result<Endpoint> endpoint_from(std::string_view text);

/// Who and where: what one node must know of another to dial it and to fetch from it.
struct Contact {
  NodeKey key;
  Endpoint endpoint;              // overlay, TCP
  std::uint16_t stream_port = 0;  // streaming, UDP, same address; 0: serves no streams

  auto operator<=>(const Contact&) const = default;

  /// Where its streams are served. REQUIRES: stream_port != 0.
  Endpoint stream_endpoint() const { return {endpoint.address, stream_port}; }
};

/// "earshot://<64 hexadecimal digits>@127.0.0.1:4040".
std::string to_string(const Contact& contact);

/// The reverse of to_string; the stream port is learnt from the peer itself. Errors: kInvalid.
Result<Contact> contact_from(std::string_view text);

}  // namespace earshot
