// A munro: the signed root of a subtree of a live stream's tree (RFC 7574, section 6.1.2, Unified Merkle Tree), and the
// chunks below it.
//
//   signed = chunk spec of the subtree as on the wire, NTP timestamp (8 octets), hash            section 6.1.2.2
//
// So a signature covers place and time: an old munro cannot be played at another place, nor later. Draft 10, which the
// libswift family speaks, signs the hash alone and hashes with SHA-1; its swarms have that weakness.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/bytes.h"
#include "stream/ppspp/bin.h"
#include "stream/ppspp/live/live_key.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/message.h"

namespace earshot::stream::ppspp {

/// Seconds from 1900, where NTP begins, to 1970.
inline constexpr std::uint64_t kNtpOfUnixEpoch = 2'208'988'800;

struct Munro {
  Bin bin;
  std::uint64_t ntp_timestamp = 0;
  Digest32 hash{};
  Bytes signature;
};

/// What a live swarm agrees on about its munros.
struct MunroForm {
  MerkleHash hash = MerkleHash::kSha256;
  Addressing addressing = Addressing::kChunk32;
  bool signs_hash_only = false;

  static constexpr MunroForm draft10() { return {MerkleHash::kSha1, Addressing::kChunk32, /*signs_hash_only=*/true}; }
};

/// What is signed.
Bytes signed_part(const Munro& munro, const MunroForm& form = {});

/// A munro's subtree with what is known of it.
class MunroTree {
 public:
  /// From a munro that verified: nothing below it is known.
  explicit MunroTree(Munro munro, const MunroForm& form = {});
  /// The injector's: all chunks, which it signs.
  MunroTree(Bin bin, std::vector<Bytes> chunks, std::uint64_t ntp_timestamp, const LiveSigner& signer,
            const MunroForm& form = {});

  const Munro& munro() const { return munro_; }
  ChunkRange chunks() const { return munro_.bin.chunks(); }
  /// Empty: not here.
  ByteView chunk(std::uint64_t chunk) const { return chunks_[chunk - chunks().begin]; }

  /// Takes a chunk whose path, with the hints, ends in a known node.
  Verdict admit(std::uint64_t chunk, ByteView bytes, Hints& hints);

  /// The uncles of a chunk from the top down, without those that a peer with these chunks knows. REQUIRES: the chunk is here.
  std::vector<Node> uncles(std::uint64_t chunk, const class ChunkSet& has) const;

 private:
  Digest32& node(Bin bin);
  const Digest32& node(Bin bin) const { return const_cast<MunroTree*>(this)->node(bin); }

  Munro munro_;
  MerkleHash function_;
  std::vector<Digest32> nodes_;  // as a heap: 1 is the munro, the children of i are 2i and 2i+1; zeros: not known
  std::vector<Bytes> chunks_;
};

}  // namespace earshot::stream::ppspp
