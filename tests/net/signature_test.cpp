// Signatures by a node's key: whoever knows the key can check them, and nobody else can make them.
#include "overlay/net/signature.h"

#include <gtest/gtest.h>

#include <string>

namespace earshot::overlay::net {
namespace {

TEST(NodeSignature, HoldsForItsTextAndKeyOnly) {
  for (int i = 0; i < 16; ++i) {  // half of all keys have an odd x and sign with the negated secret
    const Identity identity = Identity::ephemeral(), other = Identity::ephemeral();
    const std::string text = "a digest " + std::to_string(i);
    const Signature signature = sign(identity, as_bytes(text));
    EXPECT_TRUE(has_signed(identity.key(), as_bytes(text), signature));
    EXPECT_FALSE(has_signed(other.key(), as_bytes(text), signature));
    EXPECT_FALSE(has_signed(identity.key(), as_bytes(text + " "), signature));
    Signature bent = signature;
    bent[static_cast<std::size_t>(i) * 4] ^= 1;
    EXPECT_FALSE(has_signed(identity.key(), as_bytes(text), bent));
  }
}

TEST(NodeSignature, NeverRepeatsItsNonce) {
  const Identity identity = Identity::ephemeral();
  EXPECT_NE(sign(identity, as_bytes("twice")), sign(identity, as_bytes("twice")));
}

TEST(NodeSignature, KeysThatAreNoPointsHaveSignedNothing) {
  const Identity identity = Identity::ephemeral();
  const Signature signature = sign(identity, as_bytes("x"));
  for (const int byte : {0x00, 0x01, 0x7f, 0xec, 0xff}) {
    NodeKey key;
    key.bytes.fill(static_cast<std::uint8_t>(byte));
    EXPECT_FALSE(has_signed(key, as_bytes("x"), signature));
  }
  NodeKey minus_one = {};  // u = -1 has no y
  minus_one.bytes.fill(0xff);
  minus_one.bytes[0] = 0xec;
  minus_one.bytes[31] = 0x7f;
  EXPECT_FALSE(has_signed(minus_one, as_bytes("x"), signature));
}

}  // namespace
}  // namespace earshot::overlay::net
