// Bin numbers against the figures of RFC 7574, section 4.2 and 5.
#include "stream/ppspp/bin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace earshot::stream::ppspp {
namespace {

TEST(Bin, NumbersTheTreeOfEightChunksAsFigure2) {
  EXPECT_EQ(Bin::leaf(0).number(), 0u);
  EXPECT_EQ(Bin::leaf(7).number(), 14u);
  EXPECT_EQ(Bin(1, 0).number(), 1u);
  EXPECT_EQ(Bin(1, 3).number(), 13u);
  EXPECT_EQ(Bin(2, 0).number(), 3u);
  EXPECT_EQ(Bin(2, 1).number(), 11u);
  EXPECT_EQ(Bin(3, 0).number(), 7u);
}

TEST(Bin, IsTheMeanOfItsChildren) {
  for (unsigned height = 1; height < 6; ++height) {
    for (std::uint64_t position = 0; position < 8; ++position) {
      const Bin bin(height, position);
      const Bin left(height - 1, 2 * position), right(height - 1, 2 * position + 1);
      EXPECT_EQ(bin.number(), (left.number() + right.number()) / 2);
      EXPECT_EQ(left.parent(), bin);
      EXPECT_EQ(left.sibling(), right);
      EXPECT_EQ(bin.height(), height);
      EXPECT_EQ(bin.position(), position);
      EXPECT_EQ(Bin::covering(bin.chunks()), bin);
    }
  }
}

TEST(Bin, CoversOnlyAlignedPowersOfTwo) {
  EXPECT_EQ(Bin::covering({4, 8}), Bin(2, 1));
  EXPECT_FALSE(Bin::covering({4, 7}));
  EXPECT_FALSE(Bin::covering({2, 6}));
  EXPECT_FALSE(Bin::covering({3, 3}));
  EXPECT_FALSE(Bin::covering({0, std::uint64_t{1} << 63}));
}

TEST(Peaks, AreTheOneBitsOfTheCount) {
  const auto numbers = [](std::uint64_t count) {
    std::vector<std::uint64_t> result;
    for (const Bin bin : peaks(count)) result.push_back(bin.number());
    return result;
  };
  EXPECT_THAT(numbers(7), testing::ElementsAre(3, 9, 12));  // Figure 4
  EXPECT_THAT(numbers(8), testing::ElementsAre(7));
  EXPECT_THAT(numbers(1), testing::ElementsAre(0));
  for (std::uint64_t count = 1; count < 300; ++count) {
    std::uint64_t next = 0;
    for (const Bin bin : peaks(count)) {
      EXPECT_EQ(bin.chunks().begin, next);
      EXPECT_TRUE(bin.is_left() || bin.chunks().size() == count);
      next = bin.chunks().end;
    }
    EXPECT_EQ(next, count);
  }
}

}  // namespace
}  // namespace earshot::stream::ppspp
