// SipHash against the vectors of its paper; draws that are the same on every machine, in range, and unbiased.
#include "schema/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace earshot {
namespace {

constexpr SipKey kPaperKey{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

// Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), appendix A.
TEST(SipHash, GivesThePapersValue) {
  std::array<std::uint8_t, 15> input{};
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  EXPECT_EQ(siphash(kPaperKey, input), 0xa129ca6149be45e5u);
}

// The authors' reference vectors for the inputs of length 0 and 8 under the same key.
TEST(SipHash, GivesTheReferenceVectorsForWholeWords) {
  EXPECT_EQ(siphash(kPaperKey, ByteView{}), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(siphash(kPaperKey, std::uint64_t{0x0706050403020100u}), 0x93f5f5799a932462u);
}

TEST(SipHash, AgreesOnAWordAndItsBytes) {
  const std::array<std::uint8_t, 8> bytes = {0x15, 0xcd, 0x5b, 0x07, 0, 0, 0, 0};
  EXPECT_EQ(siphash(kPaperKey, bytes), siphash(kPaperKey, std::uint64_t{123456789}));
}

TEST(Random, SameStreamSameDraws) {
  Random a = Random::stream(7, 3, 1);
  Random b = Random::stream(7, 3, 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, StreamsOfOtherSeedsNodesAndPurposesDiffer) {
  const std::uint64_t draw = Random::stream(7, 3, 1).next();
  EXPECT_NE(draw, Random::stream(8, 3, 1).next());
  EXPECT_NE(draw, Random::stream(7, 4, 1).next());
  EXPECT_NE(draw, Random::stream(7, 3, 2).next());
}

// A golden value: whoever changes the generator changes every published result, and must know it.
TEST(Random, DrawsTheseNumbersForEver) {
  Random random = Random::stream(1, 2, 3);
  EXPECT_EQ(random.below(1000), 120u);
  EXPECT_EQ(random.below(1000), 315u);
  EXPECT_EQ(random.below(1000), 762u);
}

TEST(Random, BelowStaysBelowAndReachesEverything) {
  Random random = Random::stream(1, 0, 0);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) ++seen[random.below(6)];
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);  // 5.5 standard deviations
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, ShuffleKeepsEveryItem) {
  Random random = Random::stream(1, 0, 0);
  std::array<int, 52> cards{};
  std::iota(cards.begin(), cards.end(), 0);
  const auto sorted = cards;
  random.shuffle(std::span<int>(cards));
  EXPECT_NE(cards, sorted);
  std::sort(cards.begin(), cards.end());
  EXPECT_EQ(cards, sorted);
}

}  // namespace
}  // namespace earshot
