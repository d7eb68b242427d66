// Digest: what a library holds, small enough to give to hundreds of strangers. Sorted 32-bit hashes of its words, of its
// (artist, title) pairs and of its contents' ids, so that whoever hosts it can tell whether a question may have an answer there, and nobody
// can claim everything: the keys are counted, and bytes follow from the count.
//
// THE CODE
//
//   digest    := "EAD1" owner:32 sequence:8 canary:8 shard:1 shards:1 rice:1 zero:1 count:4 coded signature:64
//   coded     := count deltas in Rice code, bits from the highest of each byte on, the last byte filled up with zeros
//   delta     := key - previous key - 1, the first key - 0; in unary (ones and a zero) its quotient by 2^rice, then `rice` bits
//
// Numbers are little-endian. `rice` follows from the count, so there is one way to write a digest. The signature is Ed25519
// over all bytes before it; who signs and checks is the driver's business, and its key comes with the owner's contact.
//
// Cost: keys of a uniform hash lie 2^32 / count apart, and a Rice code spends 1.5 bits more than that gap's logarithm:
// 5,000 keys take 13.4 kB, 3,000 take 8.4 kB (a Bloom filter of the same false positives takes a third more, and its reader
// cannot turn it into an inverted index).
// An attacker gains: who receives a digest can try words of a dictionary and learns which are in. No salt prevents that,
// because whoever asks must be able to hash too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"

namespace earshot {

/// The hash of a word, of a pair or of a content id, under the network's public key.
using DigestKey = std::uint32_t;

/// `word` as the tokenizer writes it (folded); a query's words are hashed alike.
DigestKey digest_key_of_word(std::string_view word);
/// Texts as the tokenizer writes them.
DigestKey digest_key_of_pair(std::string_view artist, std::string_view title);
/// For those who ask who holds it.
DigestKey digest_key_of_content(const ContentId& content);

/// The key under which a digest of this owner counts meetings (schema/search.h).
std::uint64_t canary_key_of(const NodeKey& owner);

using Signature = std::array<std::uint8_t, 64>;

struct Digest {
  NodeKey owner;
  std::uint64_t sequence = 0;   // a later one of the same owner and shard replaces an earlier one
  std::uint8_t shard = 0;       // of `shards`, for libraries of more than limits::kMaxDigestKeys keys
  std::uint8_t shards = 1;
  std::vector<DigestKey> keys;  // ascending, none twice, at most limits::kMaxDigestKeys
  Signature signature{};

  bool operator==(const Digest&) const = default;
};

/// Gathers the keys of a library, track by track, into as few digests as hold them.
///
/// The keys of one track stay together. Rationale: a question has several words, a host answers with the owners whose digest
/// has all of them, and the shards of one owner are hosted by different peers; so every shard must be able to answer alone.
/// Words that many tracks share are repeated in each shard; tracks in the order of their artists repeat the fewest.
class DigestShards {
 public:
  /// Keys in any order, perhaps repeated. Those of a track that alone has too many are cut. What does not fit into
  /// limits::kMaxDigestShards shards is left out and counted.
  void add(std::span<const DigestKey> of_one_track);

  std::size_t left_out() const { return left_out_; }

  /// The shards' keys, ascending; at least one shard, perhaps empty. Call once.
  std::vector<std::vector<DigestKey>> take();

 private:
  std::vector<std::set<DigestKey>> shards_ = {{}};
  std::size_t left_out_ = 0;  // tracks
};

/// What a digest says before its keys are read: all that is needed to pass it on.
struct DigestHeader {
  NodeKey owner;
  std::uint64_t sequence = 0;
  std::uint8_t shard = 0;
  std::uint8_t shards = 1;
  std::uint32_t count = 0;
};

/// REQUIRES: keys ascending and within the limit, shard < shards.
Bytes encode(const Digest& digest);

/// The bytes that the signature covers.
ByteView signed_part(ByteView coded);
/// Puts the signature where it belongs. REQUIRES: `coded` was made by encode().
void sign(Bytes& coded, const Signature& signature);

/// Checks magic, bounds and that the size is possible for the count; does not read the keys. Costs some 20 ns.
/// Errors: kInvalid; kUnsupported for a newer magic.
Result<DigestHeader> digest_header(ByteView coded);

/// Reads everything; refuses all but the one way in which encode() writes. Costs some 10 ns a key. Errors: as above.
Result<Digest> decode_digest(ByteView coded);

}  // namespace earshot
