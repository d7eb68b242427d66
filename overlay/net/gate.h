// Who may come in: the judgement behind the ZAP handler (ZeroMQ RFC 27). Pure; the transport carries its answers.
//
// Rules
//  1. The mechanism is CURVE and the key is 32 bytes that are not all zero; any such key is welcome, unless
//  2. it is denied for a while, because its frames were malformed, or
//  3. its neighborhood (IPv4 /24, IPv6 /48) asks for handshakes faster than 20 a second (burst 40). A handshake costs us
//     0.4 ms of CPU, so one neighborhood can take 1 % of a core.
//     Rationale for the size: WireGuard allows 20 a second and address; carriers put many homes behind one address.
//     A node that keeps to its own networks lets nobody in from beyond them.
//  4. Loopback is not counted: a test network of 24 nodes starts on one address at once.
//
// Neighborhoods are counted in 4,096 buckets chosen by a keyed hash (96 KiB): two that share one also share its rate, which
// an attacker cannot aim at.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "overlay/net/address_book.h"
#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/random.h"
#include "schema/time.h"

namespace earshot::overlay::net {

class Gate {
 public:
  explicit Gate(SipKey hash_key, Reach farthest = Reach::kPublic)
      : hash_key_(hash_key), farthest_(farthest), buckets_(kBuckets) {}

  enum class Verdict : std::uint8_t { kWelcome, kNoCurve, kBadKey, kDenied, kTooFast };

  /// `address` only: the port means nothing. `credentials`: the client's public key as ZAP brings it.
  Verdict admit(Instant now, std::string_view mechanism, ByteView credentials, const Endpoint& address);

  /// Keeps a key out until then. At most 4,096 are remembered; full: the one that would end first goes.
  void deny(const NodeKey& key, Instant until);
  bool is_denied(Instant now, const NodeKey& key) const;

 private:
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kMaxDenied = 4096;
  static constexpr std::int64_t kRate = 20;   // tokens a second
  static constexpr std::int64_t kBurst = 40;

  struct Bucket {
    std::int64_t spent = 0;  // tokens taken and not yet grown again
    Instant counted{};       // when `spent` was true
  };

  bool spend(Instant now, const Endpoint& address);

  SipKey hash_key_;
  Reach farthest_;
  std::vector<Bucket> buckets_;
  std::map<NodeKey, Instant> denied_;
};

/// For the log: one word.
std::string_view to_string(Gate::Verdict verdict);

}  // namespace earshot::overlay::net
