// The hash functions and the ways to name chunks that RFC 7574 lists: whole swarms of each, and the refusal of what is not spoken.
#include "stream/ppspp/merkle_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stream/swarm_network.h"

namespace earshot::stream::ppspp {
namespace {

using testing::HasSubstr;

TEST(MerkleHash, HashesAsFips180Says) {
  const auto hex = [](MerkleHash hash) { return to_hex(ByteView(chunk_hash(hash, as_bytes("abc"))).first(hash_size(hash))); };
  EXPECT_EQ(hex(MerkleHash::kSha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(MerkleHash::kSha224), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  EXPECT_EQ(hex(MerkleHash::kSha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(MerkleHash, AParentIsTheHashOfBothChildrenAndOfNothingElse) {
  for (const MerkleHash hash : {MerkleHash::kSha1, MerkleHash::kSha224, MerkleHash::kSha256}) {
    const Digest32 left = chunk_hash(hash, as_bytes("l")), right = chunk_hash(hash, as_bytes("r"));
    Bytes both(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(hash_size(hash)));
    both.insert(both.end(), right.begin(), right.begin() + static_cast<std::ptrdiff_t>(hash_size(hash)));
    EXPECT_EQ(parent_hash(hash, left, right), chunk_hash(hash, both));
    EXPECT_EQ(parent_hash(hash, kEmptyHash, kEmptyHash), kEmptyHash);
  }
}

struct Agreement {
  MerkleHash hash = MerkleHash::kSha256;
  Addressing addressing = Addressing::kChunk32;
};

void PrintTo(const Agreement& agreement, std::ostream* out) {
  *out << to_string(agreement.hash) << " addressing " << static_cast<int>(agreement.addressing);
}

SwarmConfig config_of(const Agreement& agreement) {
  SwarmConfig config;
  config.hash = agreement.hash;
  config.addressing = agreement.addressing;
  return config;
}

struct Agreed : testing::TestWithParam<Agreement> {};

TEST_P(Agreed, AContentPassesFromPeerToPeer) {
  const Published published(random_bytes(3, 150 * 1024 + 11), GetParam().hash);
  SwarmNetwork network(1, {.loss_percent = 5});
  auto& seeder = network.add(published.root, config_of(GetParam()));
  seeder.give_everything(published);
  auto& first = network.add(published.root, config_of(GetParam()));
  auto& second = network.add(published.root, config_of(GetParam()));
  network.dial(first, seeder);
  network.dial(second, first);
  ASSERT_TRUE(network.run(120s, [&] { return first.swarm.is_complete() && second.swarm.is_complete(); }));
  EXPECT_EQ(first.assembled(), published.content);
  EXPECT_EQ(second.assembled(), published.content);
}

TEST_P(Agreed, ALiarIsBanned) {
  const Published published(random_bytes(3, 20 * 1024), GetParam().hash);
  SwarmNetwork network(1, {});
  auto& liar = network.add(published.root, config_of(GetParam()));
  liar.give_everything(published);
  liar.lie = [](std::uint64_t, Bytes& bytes) { bytes.back() ^= 1; };
  auto& victim = network.add(published.root, config_of(GetParam()));
  network.dial(victim, liar);
  ASSERT_TRUE(network.run(60s, [&] { return victim.swarm.counters().bans == 1; }));
  EXPECT_TRUE(victim.chunks.empty());
}

INSTANTIATE_TEST_SUITE_P(Registry, Agreed,
                         testing::Values(Agreement{MerkleHash::kSha1}, Agreement{MerkleHash::kSha224}, Agreement{},
                                         Agreement{.addressing = Addressing::kChunk64}, Agreement{.addressing = Addressing::kBin32},
                                         Agreement{.addressing = Addressing::kBin64}, Agreement{MerkleHash::kSha1, Addressing::kBin32}));

TEST(MerkleHash, ASwarmOfWhatIsNotSupportedIsRefusedWithAReason) {
  const auto why = [](auto change) {
    SwarmConfig config;
    change(config);
    const auto checked = check(config);
    return checked ? std::string() : checked.error().what;
  };
  EXPECT_EQ(why([](SwarmConfig&) {}), "");
  EXPECT_THAT(why([](SwarmConfig& c) { c.hash = MerkleHash::kSha512; }), HasSubstr("SHA-512"));
  EXPECT_THAT(why([](SwarmConfig& c) { c.hash = MerkleHash::kSha384; }), HasSubstr("SHA-384"));
  EXPECT_THAT(why([](SwarmConfig& c) { c.addressing = Addressing{1}; }), HasSubstr("bytes"));
  EXPECT_THAT(why([](SwarmConfig& c) { c.chunk_size = 8192; }), HasSubstr("8192"));
  EXPECT_THAT(why([](SwarmConfig& c) { c.chunk_size = 0; }), HasSubstr("not supported"));
}

TEST(MerkleHash, PeersThatDoNotAgreeSayWhy) {
  const Published published(random_bytes(3, 20 * 1024));
  for (const Agreement& other : {Agreement{.addressing = Addressing::kChunk64}, Agreement{.addressing = Addressing::kBin32}}) {
    SwarmNetwork network(1, {});
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    auto& stranger = network.add(published.root, config_of(other));
    network.dial(stranger, seeder);
    network.pass(5s);
    EXPECT_FALSE(stranger.swarm.was_answered());
    EXPECT_GE(seeder.swarm.counters().refused, 1u);
    EXPECT_THAT(seeder.swarm.last_refusal(), HasSubstr("names chunks by method"));
  }
}

}  // namespace
}  // namespace earshot::stream::ppspp
