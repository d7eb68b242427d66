// OpenSSL behind two names.
// For sha256.cpp, which may be compiled behind this in one unit.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "stream/ppspp/live/live_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>

#include "schema/check.h"

namespace earshot::stream::ppspp {

namespace {

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* it) const { Free(it); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;

constexpr std::size_t kEd25519Key = 32;
constexpr std::size_t kP256Key = 64;  // x and y (RFC 6605)
constexpr int kCoordinate = 32;

Key p256_key(ByteView coordinates) {
  std::array<std::uint8_t, 1 + kP256Key> point{0x04};  // uncompressed
  std::copy(coordinates.begin(), coordinates.end(), point.begin() + 1);
  std::array<char, 6> group = {'P', '-', '2', '5', '6', '\0'};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()), OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters.data())) != 1) return nullptr;
  return Key(key);
}

/// r and s, 32 octets each, as DNSSEC writes them (RFC 6605), into the DER that OpenSSL wants.
Bytes der_from(ByteView signature) {
  const Signature parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), kCoordinate, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + kCoordinate, kCoordinate, nullptr);
  EARSHOT_CHECK(parts && r != nullptr && s != nullptr && ECDSA_SIG_set0(parts.get(), r, s) == 1);
  std::uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  EARSHOT_CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Bytes raw_from(ByteView der) {
  const std::uint8_t* at = der.data();
  const Signature parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  EARSHOT_CHECK(parts != nullptr);
  Bytes raw(kSignatureSize);
  EARSHOT_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), raw.data(), kCoordinate) == kCoordinate &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), raw.data() + kCoordinate, kCoordinate) == kCoordinate);
  return raw;
}

Bytes public_bytes(const EVP_PKEY* key, LiveAlgorithm algorithm) {
  Bytes id = {static_cast<std::uint8_t>(algorithm)};
  if (algorithm == LiveAlgorithm::kEd25519) {
    std::size_t size = kEd25519Key;
    id.resize(1 + size);
    EARSHOT_CHECK(EVP_PKEY_get_raw_public_key(key, id.data() + 1, &size) == 1);
    return id;
  }
  std::array<std::uint8_t, 1 + kP256Key> point{};
  std::size_t size = 0;
  EARSHOT_CHECK(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) == 1 &&
                size == point.size());
  id.insert(id.end(), point.begin() + 1, point.end());
  return id;
}

const EVP_MD* digest_of(LiveAlgorithm algorithm) { return algorithm == LiveAlgorithm::kEd25519 ? nullptr : EVP_sha256(); }

}  // namespace

struct LiveKey::Parts {
  LiveAlgorithm algorithm = LiveAlgorithm::kEd25519;
  Bytes swarm_id;
  Key key;  // with its secret half where a LiveSigner made it
};

Result<LiveKey> LiveKey::from_swarm_id(ByteView id) {
  auto parts = std::make_shared<Parts>();
  parts->swarm_id.assign(id.begin(), id.end());
  if (id.size() == 1 + kEd25519Key && id[0] == static_cast<std::uint8_t>(LiveAlgorithm::kEd25519)) {
    parts->algorithm = LiveAlgorithm::kEd25519;
    parts->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, id.data() + 1, kEd25519Key));
  } else if (id.size() == 1 + kP256Key && id[0] == static_cast<std::uint8_t>(LiveAlgorithm::kEcdsaP256)) {
    parts->algorithm = LiveAlgorithm::kEcdsaP256;
    parts->key = p256_key(id.subspan(1));
  }
  if (!parts->key) return fail(ErrorCode::kInvalid, "a live id is 15 and an Ed25519 key or 13 and a P-256 key, in hexadecimal");
  return LiveKey(std::move(parts));
}

LiveAlgorithm LiveKey::algorithm() const { return parts_->algorithm; }
ByteView LiveKey::swarm_id() const { return parts_->swarm_id; }

bool LiveKey::verifies(ByteView message, ByteView signature) const {
  if (signature.size() != kSignatureSize) return false;
  const Bytes der = parts_->algorithm == LiveAlgorithm::kEd25519 ? Bytes(signature.begin(), signature.end()) : der_from(signature);
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, digest_of(parts_->algorithm), nullptr, parts_->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) == 1;
}

LiveSigner LiveSigner::generate(LiveAlgorithm algorithm) {
  auto parts = std::make_shared<LiveKey::Parts>();
  parts->algorithm = algorithm;
  parts->key.reset(algorithm == LiveAlgorithm::kEd25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519") : EVP_EC_gen("P-256"));
  EARSHOT_CHECK(parts->key != nullptr);
  parts->swarm_id = public_bytes(parts->key.get(), algorithm);
  return LiveSigner(LiveKey(std::move(parts)));
}

Bytes LiveSigner::sign(ByteView message) const {
  const auto& parts = *key_.parts_;
  const DigestContext context(EVP_MD_CTX_new());
  Bytes signature(128);
  std::size_t size = signature.size();
  EARSHOT_CHECK(context && EVP_DigestSignInit(context.get(), nullptr, digest_of(parts.algorithm), nullptr, parts.key.get()) == 1 &&
                EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);
  return parts.algorithm == LiveAlgorithm::kEd25519 ? signature : raw_from(signature);
}

}  // namespace earshot::stream::ppspp
