// Hosted digests against a naive map, through seals, merges, expiry and reopening.
#include "index/owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "index/index.h"
#include "schema/digest.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

NodeKey owner(std::uint32_t number) {
  NodeKey key;
  for (std::size_t i = 0; i < 4; ++i) key.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return key;
}

Expiry at(std::int64_t seconds) {
  return Expiry(std::chrono::seconds(seconds));
}

class OwnersTest : public testing::Test {
 protected:
  OwnersTest() { open(); }

  void open() {
    index_.reset();
    auto opened = Index::open(folder_.path(), {.sync = false});
    EXPECT_TRUE(opened) << opened.error().what;
    index_ = std::move(*opened);
  }
  Owners& owners() { return *index_->owners(); }
  std::vector<NodeKey> owners_of(std::vector<DigestKey> keys, std::size_t limit = 100'000) {
    return owners().owners_of(keys, limit).value();
  }
  void host(std::uint32_t number, std::vector<DigestKey> keys, std::int64_t expiry = 1000) {
    ASSERT_EQ(owners().host({owner(number), 0, ++sequence_, at(expiry)}, keys), Taken::kNew);
  }

  std::uint64_t sequence_ = 0;
  const TemporaryFolder folder_;
  std::unique_ptr<Index> index_;
};

TEST_F(OwnersTest, FindsThoseWhoHoldAllKeys) {
  host(1, {10, 20, 30});
  host(2, {20, 30, 30, 40});
  host(3, {0xFFFFFFFF, 0});
  EXPECT_THAT(owners_of({20, 30}), ElementsAre(owner(1), owner(2)));
  EXPECT_THAT(owners_of({20, 30}, 1), ElementsAre(owner(1)));
  EXPECT_THAT(owners_of({0, 0xFFFFFFFF}), ElementsAre(owner(3)));
  EXPECT_THAT(owners_of({10, 40}), IsEmpty());
  EXPECT_THAT(owners_of({}), IsEmpty());
  EXPECT_EQ(owners().owners_with(30), 2u);
  EXPECT_EQ(owners().stats().digests, 3u);
  EXPECT_EQ(owners().stats().keys, 8u);
}

TEST_F(OwnersTest, ReplacesAnOwnersLastDigest) {
  host(1, {10, 20});
  host(1, {20, 50});
  EXPECT_THAT(owners_of({10}), IsEmpty());
  EXPECT_THAT(owners_of({50}), ElementsAre(owner(1)));
  EXPECT_EQ(owners().stats().digests, 1u);
}

TEST_F(OwnersTest, DropsAndExpires) {
  host(1, {10}, 100);
  host(2, {10}, 200);
  host(3, {10}, 300);
  EXPECT_EQ(owners().drop(owner(3)), true);
  EXPECT_EQ(owners().drop(owner(3)), false);
  EXPECT_EQ(owners().expire(at(150)), 1u);
  EXPECT_THAT(owners_of({10}), ElementsAre(owner(2)));
}

TEST_F(OwnersTest, KeepsTheShardsOfALibraryBesideEachOther) {
  ASSERT_EQ(owners().host({owner(1), 0, 1, at(100)}, std::vector<DigestKey>{10, 20}), Taken::kNew);
  ASSERT_EQ(owners().host({owner(1), 1, 1, at(100)}, std::vector<DigestKey>{20, 30}), Taken::kNew);
  EXPECT_THAT(owners_of({20}), ElementsAre(owner(1)));
  EXPECT_THAT(owners_of({30}), ElementsAre(owner(1)));
  EXPECT_THAT(owners_of({10, 30}), IsEmpty()) << "the words of a track lie in one shard";
  EXPECT_EQ(owners().drop(owner(1)), true);
  EXPECT_EQ(owners().stats().digests, 0u);
}

TEST_F(OwnersTest, RenewsTheSameDigestAndRefusesAnOlderOne) {
  const std::vector<DigestKey> keys = {10, 20}, older = {30};
  ASSERT_EQ(owners().host({owner(1), 0, 5, at(100)}, keys), Taken::kNew);
  EXPECT_EQ(owners().host({owner(1), 0, 5, at(300)}, keys), Taken::kRenewed);
  EXPECT_EQ(owners().host({owner(1), 0, 4, at(900)}, older), Taken::kOlder);
  open();
  EXPECT_EQ(owners().host({owner(1), 0, 4, at(900)}, older), Taken::kOlder) << "also after a restart";
  EXPECT_EQ(owners().expire(at(200)), 0u);
  EXPECT_THAT(owners_of({10, 20}), ElementsAre(owner(1)));
  EXPECT_EQ(owners().expire(at(301)), 1u);
}

TEST_F(OwnersTest, KnowsWhoseCanariesAreHere) {
  host(1, {10});
  host(2, {10});
  EXPECT_TRUE(owners().has_canary(canary_key_of(owner(1))));
  EXPECT_FALSE(owners().has_canary(canary_key_of(owner(3))));
  open();
  EXPECT_TRUE(owners().has_canary(canary_key_of(owner(2))));
  ASSERT_EQ(owners().drop(owner(2)), true);
  EXPECT_FALSE(owners().has_canary(canary_key_of(owner(2))));
}

TEST_F(OwnersTest, RefusesDigestsOfNoKeysAndOfTooMany) {
  EXPECT_EQ(owners().host({owner(1), 0, 1, at(1)}, {}).error().code, ErrorCode::kInvalid);
  std::vector<DigestKey> keys(kMaxDigestKeys + 1);
  for (DigestKey i = 0; i < keys.size(); ++i) keys[i] = i;
  EXPECT_EQ(owners().host({owner(1), 0, 1, at(1)}, keys).error().code, ErrorCode::kInvalid);
  keys.pop_back();
  EXPECT_TRUE(owners().host({owner(1), 0, 1, at(1)}, keys));
}

TEST_F(OwnersTest, AgreeWithAMapThroughSealsMergesAndReopening) {
  Random random = Random::stream(11, 0, 0);
  SCOPED_TRACE("seed 11");
  std::map<std::uint32_t, std::pair<std::set<DigestKey>, std::int64_t>> naive;
  for (int step = 0; step < 1'500; ++step) {
    const auto number = static_cast<std::uint32_t>(random.below(900));
    switch (random.below(12)) {
      case 0: EXPECT_EQ(owners().drop(owner(number)), naive.erase(number) > 0); break;
      case 1: {
        const auto now = static_cast<std::int64_t>(step);
        const auto gone = std::erase_if(naive, [&](const auto& entry) { return entry.second.second < now; });
        EXPECT_EQ(owners().expire(at(now)), gone);
        break;
      }
      case 2:
        if (random.below(20) == 0) open();
        break;
      default: {
        // Few common keys, many rare ones.
        std::set<DigestKey> keys;
        for (int i = 0; i < 30; ++i) {
          keys.insert(static_cast<DigestKey>(random.below(2) == 0 ? random.below(20) * 214'748'364
                                                                  : random.below(0x100000000)));
        }
        const auto expiry = static_cast<std::int64_t>(step + static_cast<int>(random.below(4000)));
        host(number, {keys.begin(), keys.end()}, expiry);
        naive[number] = {keys, expiry};
      }
    }
    if (step % 10 != 0) continue;
    const std::vector<DigestKey> asked = {static_cast<DigestKey>(random.below(20) * 214'748'364),
                                          static_cast<DigestKey>(random.below(20) * 214'748'364)};
    std::vector<NodeKey> expected;
    for (const auto& [one, digest] : naive) {
      if (digest.first.contains(asked[0]) && digest.first.contains(asked[1])) expected.push_back(owner(one));
    }
    ASSERT_THAT(owners_of(asked), UnorderedElementsAreArray(expected)) << step;
    ASSERT_EQ(owners().stats().digests, naive.size());
  }
  EXPECT_GT(owners().stats().segments, 0u);
}

}  // namespace
}  // namespace earshot::index
