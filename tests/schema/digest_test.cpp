// What is written reads back; there is one way to write it; and no bytes make more of a digest than they pay for.
#include "schema/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "schema/limits.h"
#include "schema/random.h"

namespace earshot {
namespace {

NodeKey owner(std::uint8_t number) {
  NodeKey key;
  key.bytes.fill(number);
  return key;
}

Digest digest_of(std::vector<DigestKey> keys) {
  Digest digest;
  digest.owner = owner(7);
  digest.sequence = 0x0102030405060708;
  digest.keys = std::move(keys);
  digest.signature.fill(9);
  return digest;
}

std::vector<DigestKey> random_keys(std::size_t count, std::uint64_t seed = 1) {
  Random random = Random::stream(seed, 0, 0);
  std::set<DigestKey> keys;
  while (keys.size() < count) keys.insert(static_cast<DigestKey>(random.next()));
  return {keys.begin(), keys.end()};
}

RC_GTEST_PROP(Digest, ReadsBackAsItWasWritten, (std::set<DigestKey> keys)) {
  const Digest digest = digest_of({keys.begin(), keys.end()});
  const auto read = decode_digest(encode(digest));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == digest);
}

TEST(Digest, OfNothingAndOfTheExtremesReadsBack) {
  for (const std::vector<DigestKey>& keys :
       std::vector<std::vector<DigestKey>>{{}, {0}, {0xffffffff}, {0, 0xffffffff}, {0, 1, 2, 0xfffffffe, 0xffffffff}}) {
    const auto read = decode_digest(encode(digest_of(keys)));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->keys, keys);
  }
}

TEST(Digest, TakesLessThanTwoPointEightBytesAKey) {
  EXPECT_LE(encode(digest_of(random_keys(3000))).size(), 8'400u);
  EXPECT_LE(encode(digest_of(random_keys(5000))).size(), 13'500u);
  EXPECT_LE(encode(digest_of(random_keys(5000))).size(), limits::kMaxFrame / 4);
}

TEST(Digest, HasAHeaderThatIsReadWithoutItsKeys) {
  const auto header = digest_header(encode(digest_of(random_keys(100))));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->owner, owner(7));
  EXPECT_EQ(header->count, 100u);
  EXPECT_EQ(header->sequence, 0x0102030405060708u);
}

TEST(Digest, CannotClaimKeysThatItDoesNotPayFor) {
  Bytes bytes = encode(digest_of(random_keys(100)));
  bytes[56] = 200;  // count
  EXPECT_FALSE(digest_header(bytes));
  bytes[56] = 100;
  bytes[57] = 0xff;
  EXPECT_FALSE(digest_header(bytes));
  Bytes padded = encode(digest_of(random_keys(100)));
  padded.insert(padded.end() - 64, 40, 0);
  EXPECT_FALSE(decode_digest(padded));
}

TEST(Digest, EveryPrefixAndEveryFlippedBitIsRefusedOrStillOneOfItsKind) {
  const Bytes bytes = encode(digest_of(random_keys(50)));
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_digest(ByteView(bytes).first(size))) << size;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto read = decode_digest(changed);
    if (read) {
      EXPECT_EQ(encode(*read), changed) << "there is one way to write a digest; bit " << bit;
    }
  }
}

TEST(Digest, TellsANewerVersionFromGarbage) {
  Bytes bytes = encode(digest_of({1, 2, 3}));
  bytes[3] = '2';
  EXPECT_EQ(digest_header(bytes).error().code, ErrorCode::kUnsupported);
  bytes[0] = 'X';
  EXPECT_EQ(digest_header(bytes).error().code, ErrorCode::kInvalid);
}

TEST(Digest, IsSignedOverAllButTheSignature) {
  Bytes bytes = encode(digest_of({1, 2, 3}));
  Signature signature;
  signature.fill(0x55);
  const Bytes before(signed_part(bytes).begin(), signed_part(bytes).end());
  sign(bytes, signature);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), signed_part(bytes).begin(), signed_part(bytes).end()));
  EXPECT_EQ(decode_digest(bytes)->signature, signature);
}

TEST(DigestShards, KeepTheKeysOfATrackTogether) {
  DigestShards shards;
  std::vector<std::vector<DigestKey>> tracks;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    tracks.push_back(random_keys(5, i));
    tracks.back().push_back(42);  // a word that all share
    shards.add(tracks.back());
  }
  EXPECT_EQ(shards.left_out(), 0u);
  const auto digests = shards.take();
  ASSERT_EQ(digests.size(), 4u);  // 15,001 keys
  for (const auto& keys : digests) {
    EXPECT_LE(keys.size(), limits::kMaxDigestKeys);
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  }
  for (auto& track : tracks) {
    std::sort(track.begin(), track.end());
    EXPECT_TRUE(std::any_of(digests.begin(), digests.end(), [&](const auto& keys) {
      return std::includes(keys.begin(), keys.end(), track.begin(), track.end());
    }));
  }
}

TEST(DigestShards, OfNothingAreOneThatIsEmpty) {
  DigestShards shards;
  EXPECT_EQ(shards.take(), (std::vector<std::vector<DigestKey>>{{}}));
}

TEST(DigestShards, AreBoundedWhateverIsAdded) {
  DigestShards shards;
  shards.add(random_keys(6000));
  EXPECT_EQ(shards.take().front().size(), limits::kMaxDigestKeys);
  for (std::uint64_t i = 0; i < limits::kMaxDigestShards + 2; ++i) shards.add(random_keys(4000, i));
  EXPECT_EQ(shards.left_out(), 2u);
  EXPECT_EQ(shards.take().size(), limits::kMaxDigestShards);
}

TEST(DigestKeys, OfWordsPairsAndContentsAreFixedForEver) {
  EXPECT_EQ(digest_key_of_word("blue"), 489469804u);
  EXPECT_EQ(digest_key_of_pair("miles davis", "so what"), 2655343154u);
  const ContentId content{Scheme::kPpspp, {}};
  EXPECT_EQ(digest_key_of_content(content), 3588868514u);
  EXPECT_NE(digest_key_of_content(content), digest_key_of_word(to_string(content)));
  EXPECT_NE(digest_key_of_word("blue"), digest_key_of_word("blues"));
  EXPECT_NE(digest_key_of_pair("ab", "c"), digest_key_of_pair("a", "bc"));
}

}  // namespace
}  // namespace earshot
