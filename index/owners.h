// Hosted digests: which other peers' libraries may hold these words? A digest is the set of hashes of a library's
// words, which its owner spreads; this keeps many of them and finds owners by hash.
// Not for: what is hashed and how digests travel.
//
// What a host pays is bounded: kMaxDigests of kMaxDigestKeys keys at 4 bytes each in memory until they are sealed, then
// about 3 bytes a key on disk twice (the digest, and the postings made of it).
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "schema/ids.h"
#include "schema/result.h"

namespace earshot::index {

/// Hash of one key of a digest. Of 10,000 digests of 2,000 keys, 20 million / 2^32 owners match by chance a key.
using DigestKey = std::uint32_t;

/// Keys of one digest: ten times an ordinary library's, so that nobody fills a host alone. More: refused.
inline constexpr std::size_t kMaxDigestKeys = 30'000;

/// Digests of one host: 200,000 x 6.8 kB is 1.4 GB of disk. More: refused until some expire.
inline constexpr std::size_t kMaxDigests = 200'000;

/// Until when a digest is hosted, by the wall clock, since it outlives the process.
using Expiry = std::chrono::sys_seconds;

/// What a digest says of itself. A library is one digest, or several shards of one.
struct Hosting {
  NodeKey owner;
  std::uint8_t shard = 0;
  std::uint64_t sequence = 0;  // of the same owner and shard the highest counts
  Expiry expiry{};
};

enum class Taken : std::uint8_t {
  kNew,      // its keys were not here before
  kRenewed,  // this very digest was here: it stays until the later expiry
  kOlder,    // a newer one is here
};

struct HostedStats {
  std::size_t digests = 0;
  std::uint64_t keys = 0;
  std::size_t segments = 0;
};

/// Thread-safe: any number of look-ups beside one change at a time. Every error is kDisk or kCorrupt unless said.
class Owners {
 public:
  virtual ~Owners() = default;

  /// Hosts a digest in place of the last one of this owner and shard. Keys come in any order; each counts once. Every 64th
  /// new one seals those before it into a segment, which takes some 50 ms, and now and then merges segments. Errors
  /// besides: kInvalid without keys or with more than kMaxDigestKeys, kExhausted when kMaxDigests others are here.
  virtual Result<Taken> host(const Hosting& hosting, std::span<const DigestKey> keys) = 0;

  /// Owners with a digest that holds all these keys, at most `limit`, those that came first in front. None for no keys.
  virtual Result<std::vector<NodeKey>> owners_of(std::span<const DigestKey> keys, std::size_t limit) const = 0;

  /// How many digests hold a key.
  virtual Result<std::size_t> owners_with(DigestKey key) const = 0;

  /// Whether a digest is here whose owner counts meetings under this key (schema/digest.h).
  virtual bool has_canary(std::uint64_t canary) const = 0;

  /// All digests of an owner go. False when nothing of him was here.
  virtual Result<bool> drop(const NodeKey& owner) = 0;

  /// Drops what expired before `now`; how many.
  virtual Result<std::size_t> expire(Expiry now) = 0;

  virtual HostedStats stats() const = 0;
};

}  // namespace earshot::index
