// SHA-256 by OpenSSL's low-level calls: they use the processor's SHA instructions as the EVP interface does, and hash a
// pair of digests 1.6 times as fast because nothing is looked up or allocated. They are deprecated, not gone.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "stream/ppspp/sha256.h"

#include <openssl/sha.h>

#include <cstring>

namespace earshot::stream::ppspp {

Digest32 sha256(ByteView bytes) {
  Digest32 digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

Digest32 parent_hash(const Digest32& left, const Digest32& right) {
  if (left == kEmptyHash && right == kEmptyHash) return kEmptyHash;
  std::array<std::uint8_t, 64> both;
  std::memcpy(both.data(), left.data(), left.size());
  std::memcpy(both.data() + left.size(), right.data(), right.size());
  return sha256(both);
}

}  // namespace earshot::stream::ppspp
