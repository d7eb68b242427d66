// The other functions by OpenSSL's low-level calls, for the reasons that sha256.cpp gives.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "stream/ppspp/merkle_hash.h"

#include <openssl/sha.h>

#include <array>
#include <cstring>

#include "schema/check.h"

namespace earshot::stream::ppspp {

namespace {

template <class Context, auto init, auto update, auto final>
Digest32 hashed(ByteView bytes) {
  Digest32 digest{};
  Context context;
  init(&context);
  update(&context, bytes.data(), bytes.size());
  final(digest.data(), &context);
  return digest;
}

constexpr auto sha1 = hashed<SHA_CTX, SHA1_Init, SHA1_Update, SHA1_Final>;
constexpr auto sha224 = hashed<SHA256_CTX, SHA224_Init, SHA224_Update, SHA224_Final>;

}  // namespace

std::string_view to_string(MerkleHash hash) {
  constexpr std::array<std::string_view, 5> kNames = {"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"};
  const auto at = static_cast<std::size_t>(hash);
  return at < kNames.size() ? kNames[at] : "an unassigned hash";
}

Digest32 chunk_hash(MerkleHash hash, ByteView chunk) {
  EARSHOT_CHECK(is_carried(hash));
  if (hash == MerkleHash::kSha256) return sha256(chunk);
  return hash == MerkleHash::kSha1 ? sha1(chunk) : sha224(chunk);
}

Digest32 parent_hash(MerkleHash hash, const Digest32& left, const Digest32& right) {
  if (hash == MerkleHash::kSha256) return parent_hash(left, right);
  if (left == kEmptyHash && right == kEmptyHash) return kEmptyHash;
  const std::size_t size = hash_size(hash);
  std::array<std::uint8_t, 2 * sizeof(Digest32)> both;
  std::memcpy(both.data(), left.data(), size);
  std::memcpy(both.data() + size, right.data(), size);
  return chunk_hash(hash, ByteView(both).first(2 * size));
}

}  // namespace earshot::stream::ppspp
