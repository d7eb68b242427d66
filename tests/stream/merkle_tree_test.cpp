// The tree in pages beside the naive one, and proofs that must not pass.
#include "stream/ppspp/merkle_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/stream/content.h"

namespace earshot::stream::ppspp {
namespace {

/// The uncles of a chunk up to its peak, as section 5.2 lists them.
std::vector<Node> naive_uncles(const std::vector<std::vector<Digest32>>& levels, std::uint64_t count, std::uint64_t chunk) {
  const TreeShape shape(count);
  std::vector<Node> uncles;
  for (Bin bin = Bin::leaf(chunk); !shape.is_peak(bin); bin = bin.parent()) {
    uncles.push_back({bin.sibling(), naive_hash(levels, bin.sibling())});
  }
  return uncles;
}

TEST(TreeBuilder, AgreesWithTheNaiveTreeForEveryCountUpTo200) {
  for (std::size_t count = 1; count <= 200; ++count) {
    const Bytes content = random_bytes(count, count * 1024 - count % 1000);
    const auto levels = naive_levels(content);
    const Published published(content);
    ASSERT_EQ(published.root, levels.back().front()) << count << " chunks";
    ASSERT_EQ(root_of(published.peaks), published.root) << count << " chunks";
    const TreeShape shape(count);
    for (unsigned height = 0; height < shape.height(); ++height) {
      for (std::uint64_t position = 0; position < shape.width() >> height; ++position) {
        const Bin bin(height, position);
        if (shape.is_empty(bin)) continue;
        const auto place = shape.place(bin);
        ASSERT_EQ(published.pages.at(place.page).nodes[place.slot], naive_hash(levels, bin));
      }
    }
  }
}

TEST(TreeShape, GivesEveryNodeAPlaceOfItsOwn) {
  for (const std::uint64_t count : {1u, 2u, 63u, 64u, 65u, 4096u, 5000u}) {
    const TreeShape shape(count);
    std::set<std::pair<std::uint64_t, std::size_t>> places;
    for (unsigned height = 0; height < shape.height(); ++height) {
      for (std::uint64_t position = 0; position < shape.width() >> height; ++position) {
        const auto place = shape.place(Bin(height, position));
        EXPECT_LT(place.page, shape.pages());
        EXPECT_NE(place.slot, 63u) << "the slot of the node above the page";
        EXPECT_TRUE(places.insert({place.page, place.slot}).second);
      }
    }
  }
}

RC_GTEST_PROP(HashTree, AdmitsTrueChunksInAnyOrderAndKnowsTheNaiveTreeInTheEnd, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(1, 150);
  const Bytes content = random_bytes(count, count * 1024 - 1);
  const auto levels = naive_levels(content);
  HashTree tree(levels.back().front(), naive_peaks(levels, count));
  auto order = std::vector<std::uint64_t>(count);
  for (std::uint64_t i = 0; i < count; ++i) order[i] = i;
  Random random = Random::stream(*rc::gen::arbitrary<std::uint64_t>(), 0, 0);
  random.shuffle(std::span(order));
  for (const std::uint64_t chunk : order) {
    Hints hints;
    for (const Node& uncle : naive_uncles(levels, count, chunk)) hints.add(uncle);
    RC_ASSERT(tree.admit(chunk, sha256(chunk_of(content, chunk)), hints) == Verdict::kVerified);
  }
  for (unsigned height = 0; height <= tree.shape().height(); ++height) {
    for (std::uint64_t position = 0; position < tree.shape().width() >> height; ++position) {
      const Bin bin(height, position);
      if (tree.shape().is_filled(bin)) RC_ASSERT(tree.known(bin) == naive_hash(levels, bin));
    }
  }
}

RC_GTEST_PROP(HashTree, RefusesEveryMutatedProofAndStaysAsItWas, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(2, 100);
  const Bytes content = random_bytes(count, count * 1024);
  const auto levels = naive_levels(content);
  HashTree tree(levels.back().front(), naive_peaks(levels, count));
  const auto chunk = *rc::gen::inRange<std::uint64_t>(0, count);
  auto uncles = naive_uncles(levels, count, chunk);
  Digest32 leaf = sha256(chunk_of(content, chunk));
  const auto victim = *rc::gen::inRange<std::size_t>(0, uncles.size() + 1);
  Digest32& hash = victim == uncles.size() ? leaf : uncles[victim].hash;
  hash[*rc::gen::inRange<std::size_t>(0, 32)] ^= static_cast<std::uint8_t>(1u << *rc::gen::inRange(0, 8));
  Hints hints;
  for (const Node& uncle : uncles) hints.add(uncle);
  RC_ASSERT(tree.admit(chunk, leaf, hints) == Verdict::kForged);
  if (!tree.shape().is_peak(Bin::leaf(chunk))) RC_ASSERT(!tree.known(Bin::leaf(chunk)));
  RC_ASSERT(tree.take_dirty().empty());
}

TEST(HashTree, CannotJudgeAChunkWhoseUncleIsMissing) {
  const Bytes content = random_bytes(1, 8 * 1024);
  const auto levels = naive_levels(content);
  HashTree tree(levels.back().front(), naive_peaks(levels, 8));
  Hints hints;
  for (const Node& uncle : naive_uncles(levels, 8, 3)) {
    if (uncle.bin != Bin(1, 0)) hints.add(uncle);
  }
  EXPECT_EQ(tree.admit(3, sha256(chunk_of(content, 3)), hints), Verdict::kUnprovable);
}

TEST(Hints, ForgetTheOldestWhenFull) {
  Hints hints;
  for (std::uint64_t i = 0; i <= Hints::kMax; ++i) hints.add({Bin::leaf(i), sha256({})});
  EXPECT_EQ(hints.find(Bin::leaf(0)), nullptr);
  EXPECT_NE(hints.find(Bin::leaf(1)), nullptr);
}

}  // namespace
}  // namespace earshot::stream::ppspp
