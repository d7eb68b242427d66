// The hash functions of RFC 7574, section 7.6, Table 5. A node of our trees is 32 octets, so SHA-1, SHA-224 and SHA-256 are
// carried, shorter ones with zeros behind them; SHA-384 and SHA-512 are read on the wire and refused with a reason.
//
// Rationale: a node of 64 octets would double what every tree takes in memory and on disk, for two functions that the RFC
// leaves optional and that no peer we know speaks.
#pragma once

#include <string_view>

#include "schema/bytes.h"
#include "stream/ppspp/message.h"
#include "stream/ppspp/sha256.h"

namespace earshot::stream::ppspp {

/// Octets of one hash on the wire.
constexpr std::size_t hash_size(MerkleHash hash) {
  switch (hash) {
    case MerkleHash::kSha1: return 20;
    case MerkleHash::kSha224: return 28;
    case MerkleHash::kSha256: return 32;
    case MerkleHash::kSha384: return 48;
    case MerkleHash::kSha512: return 64;
  }
  return 0;
}

constexpr bool is_carried(MerkleHash hash) { return hash <= MerkleHash::kSha256; }

std::string_view to_string(MerkleHash hash);

/// The hash of a chunk. REQUIRES: is_carried(hash).
Digest32 chunk_hash(MerkleHash hash, ByteView chunk);

/// As parent_hash of sha256.h. REQUIRES: is_carried(hash).
Digest32 parent_hash(MerkleHash hash, const Digest32& left, const Digest32& right);

}  // namespace earshot::stream::ppspp
