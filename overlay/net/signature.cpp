// XEdDSA on libsodium's scalars and points; only the step from u to y is our own, on public numbers.
#include "overlay/net/signature.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "schema/check.h"

namespace earshot::overlay::net {

namespace {

__extension__ using Wide = unsigned __int128;

/// A number modulo p = 2^255 - 19 in five limbs of 51 bits, each perhaps a little larger.
using FieldElement = std::array<std::uint64_t, 5>;
constexpr std::uint64_t kLimb = (std::uint64_t{1} << 51) - 1;

/// Carries over, twice, so that every limb is below 2^51 + 2^6.
FieldElement carried(std::array<Wide, 5> wide) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 5; ++i) {
      const Wide carry = wide[i] >> 51;
      wide[i] &= kLimb;
      wide[(i + 1) % 5] += i == 4 ? carry * 19 : carry;
    }
  }
  FieldElement result;
  std::transform(wide.begin(), wide.end(), result.begin(), [](Wide limb) { return static_cast<std::uint64_t>(limb); });
  return result;
}

FieldElement times(const FieldElement& a, const FieldElement& b) {
  std::array<Wide, 5> wide{};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 5; ++j) wide[(i + j) % 5] += Wide{a[i]} * b[j] * (i + j >= 5 ? 19u : 1u);
  }
  return carried(wide);
}

FieldElement plus(const FieldElement& a, std::uint64_t b) {
  return carried({Wide{a[0]} + b, a[1], a[2], a[3], a[4]});
}

/// a - 1; two times p is added so that no limb falls below zero.
FieldElement minus_one(const FieldElement& a) {
  return carried({Wide{a[0]} + 2 * (kLimb - 18) - 1, Wide{a[1]} + 2 * kLimb, Wide{a[2]} + 2 * kLimb,
                  Wide{a[3]} + 2 * kLimb, Wide{a[4]} + 2 * kLimb});
}

/// a^(p - 2), which is 1 / a; 0 for 0. All bits of p - 2 = 2^255 - 21 are ones but bits 2 and 4.
FieldElement inverse(const FieldElement& a) {
  FieldElement result{1, 0, 0, 0, 0};
  for (int bit = 254; bit >= 0; --bit) {
    result = times(result, result);
    if (bit != 2 && bit != 4) result = times(result, a);
  }
  return result;
}

FieldElement element_of(const Digest32& bytes) {
  FieldElement element{};
  for (std::size_t bit = 0; bit < 255; ++bit) {
    element[bit / 51] |= std::uint64_t{bytes[bit / 8]} >> (bit % 8) << (bit % 51) & (std::uint64_t{1} << bit % 51);
  }
  return element;
}

/// The one number below p.
Digest32 bytes_of(FieldElement element) {
  // Adding 19 carries out of 2^255 exactly when the number is p or more.
  for (int round = 0; round < 2; ++round) {
    FieldElement probe = element;
    probe[0] += 19;
    for (std::size_t i = 0; i < 4; ++i) {
      probe[i + 1] += probe[i] >> 51;
      probe[i] &= kLimb;
    }
    if (probe[4] >> 51 == 0) break;
    probe[4] &= kLimb;
    element = probe;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    element[i + 1] += element[i] >> 51;
    element[i] &= kLimb;
  }
  Digest32 bytes{};
  for (std::size_t bit = 0; bit < 255; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | (element[bit / 51] >> (bit % 51) & 1) << bit % 8);
  }
  return bytes;
}

/// y = (u - 1) / (u + 1): the Edwards point with an even x.
Digest32 edwards_of(const NodeKey& key) {
  const FieldElement u = element_of(key.bytes);
  return bytes_of(times(minus_one(u), inverse(plus(u, 1))));
}

using Scalar = std::array<std::uint8_t, crypto_core_ed25519_SCALARBYTES>;

Scalar reduced(const std::array<std::uint8_t, crypto_hash_sha512_BYTES>& wide) {
  Scalar scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  return scalar;
}

template <class... Parts>
Scalar hash_of(const Parts&... parts) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  (crypto_hash_sha512_update(&state, parts.data(), parts.size()), ...);
  std::array<std::uint8_t, crypto_hash_sha512_BYTES> hash;
  crypto_hash_sha512_final(&state, hash.data());
  const Scalar scalar = reduced(hash);
  sodium_memzero(&state, sizeof state);
  sodium_memzero(hash.data(), hash.size());
  return scalar;
}

/// The Edwards pair of our Curve25519 secret whose point has an even x; wiped when it goes.
struct EdwardsPair {
  explicit EdwardsPair(const Identity& identity) {
    std::array<std::uint8_t, crypto_hash_sha512_BYTES> wide{};
    std::copy(identity.secret().begin(), identity.secret().end(), wide.begin());
    wide[0] &= 248;
    wide[31] = static_cast<std::uint8_t>((wide[31] & 127) | 64);
    secret = reduced(wide);
    sodium_memzero(wide.data(), wide.size());
    EARSHOT_CHECK(crypto_scalarmult_ed25519_base_noclamp(point.data(), secret.data()) == 0);
    if ((point[31] & 128) != 0) crypto_core_ed25519_scalar_negate(secret.data(), secret.data());
    point[31] &= 127;
  }
  ~EdwardsPair() { sodium_memzero(secret.data(), secret.size()); }

  Scalar secret;
  Digest32 point;
};

/// Sets nonces apart from every other hash of the secret.
constexpr std::array<std::uint8_t, 32> nonce_mark() {
  std::array<std::uint8_t, 32> mark{};
  mark.fill(0xff);
  mark[0] = 0xfe;
  return mark;
}

}  // namespace

Signature sign(const Identity& identity, ByteView text) {
  const EdwardsPair pair(identity);
  std::array<std::uint8_t, 64> random;
  randombytes_buf(random.data(), random.size());
  Scalar nonce = hash_of(nonce_mark(), pair.secret, text, random);
  Digest32 point;
  EARSHOT_CHECK(crypto_scalarmult_ed25519_base_noclamp(point.data(), nonce.data()) == 0);
  Scalar answer = hash_of(point, pair.point, text);
  crypto_core_ed25519_scalar_mul(answer.data(), answer.data(), pair.secret.data());
  crypto_core_ed25519_scalar_add(answer.data(), answer.data(), nonce.data());
  sodium_memzero(nonce.data(), nonce.size());
  Signature signature;
  std::copy(answer.begin(), answer.end(), std::copy(point.begin(), point.end(), signature.begin()));
  return signature;
}

bool has_signed(const NodeKey& key, ByteView text, const Signature& signature) {
  const Digest32 point = edwards_of(key);
  return crypto_sign_verify_detached(signature.data(), text.data(), text.size(), point.data()) == 0;
}

}  // namespace earshot::overlay::net
