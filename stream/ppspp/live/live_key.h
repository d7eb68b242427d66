// Who may speak in a live swarm: its id is the injector's public key (RFC 7574, section 6.1.2), and every munro is signed
// with the key to it. Ed25519 (DNSSEC number 15, RFC 8080) unless ECDSA P-256 (number 13, the RFC's default) is asked for;
// both have keys and signatures whose length the number alone tells. Only live_key.cpp includes OpenSSL's signatures.
#pragma once

#include <cstdint>
#include <memory>

#include "schema/bytes.h"
#include "schema/result.h"

namespace earshot::stream::ppspp {

/// DNSSEC algorithm numbers (section 7.7).
enum class LiveAlgorithm : std::uint8_t { kEcdsaP256 = 13, kEd25519 = 15 };

inline constexpr std::size_t kSignatureSize = 64;  // of both

/// A public key, ready to check signatures. Cheap to copy.
class LiveKey {
 public:
  /// From a swarm id: the algorithm's octet and the key. Errors: kInvalid.
  static Result<LiveKey> from_swarm_id(ByteView id);

  LiveAlgorithm algorithm() const;
  ByteView swarm_id() const;
  bool verifies(ByteView message, ByteView signature) const;

 private:
  friend class LiveSigner;
  struct Parts;
  explicit LiveKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

/// The injector's secret.
class LiveSigner {
 public:
  /// A new one, from the system's randomness.
  static LiveSigner generate(LiveAlgorithm algorithm);

  const LiveKey& key() const { return key_; }
  /// kSignatureSize octets.
  Bytes sign(ByteView message) const;

 private:
  explicit LiveSigner(LiveKey key) : key_(std::move(key)) {}
  LiveKey key_;
};

}  // namespace earshot::stream::ppspp
