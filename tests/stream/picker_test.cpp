// Chunks are drawn 64 to a letter: '#' all offered, '.' none.
#include "stream/ppspp/picker.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/stream/instants.h"

namespace earshot::stream::ppspp {
namespace {

ChunkSet pages(std::string_view drawn) {
  ChunkSet set;
  for (std::uint64_t page = 0; page < drawn.size(); ++page) {
    if (drawn[page] == '#') set.insert({page * kPageChunks, (page + 1) * kPageChunks});
  }
  return set;
}

/// The pages in the order in which a peer with `has` would be asked for them.
std::string order(Picker& picker, const ChunkSet& has) {
  std::string pages;
  while (true) {
    const ChunkRange run = picker.next(has, kPageChunks);
    if (run.empty()) return pages;
    pages.push_back(static_cast<char>('0' + run.begin / kPageChunks));
    picker.claim(run);
  }
}

TEST(Picker, TakesTheContentInOrderWhileOneSourceIsKnown) {
  Picker picker;
  picker.know_length(4 * kPageChunks);
  EXPECT_EQ(order(picker, pages("####")), "0123");
}

TEST(Picker, TakesTheNearestDeadlineFirst) {
  Picker picker;
  picker.know_length(5 * kPageChunks);
  picker.want({{{64, 128}, at(9)}, {{192, 256}, at(1)}}, Rest::kFetch);
  EXPECT_EQ(order(picker, pages("#####")), "31402");
}

TEST(Picker, LeavesTheRestWhenNobodyWantsIt) {
  Picker picker;
  picker.know_length(5 * kPageChunks);
  picker.want({{{64, 128}, at(9)}}, Rest::kLeave);
  EXPECT_EQ(order(picker, pages("#####")), "1");
}

TEST(Picker, FindsTheTailOnceTheLengthIsKnown) {
  Picker picker;
  picker.want({{{0, 70}, at(1), /*from_end=*/true}}, Rest::kLeave);
  EXPECT_TRUE(picker.next(pages("####"), 64).empty());
  picker.know_length(4 * kPageChunks);
  EXPECT_EQ(picker.next(pages("####"), 64), (ChunkRange{186, 192}));
  picker.claim({186, 192});
  EXPECT_EQ(picker.next(pages("####"), 64), (ChunkRange{192, 256}));
}

TEST(Picker, ATailLongerThanTheContentIsTheContent) {
  Picker picker;
  picker.know_length(10);
  picker.want({{{0, 128}, at(1), /*from_end=*/true}}, Rest::kLeave);
  EXPECT_EQ(picker.next(pages("#"), 64), (ChunkRange{0, 10}));
}

TEST(Picker, TakesRarePagesFirstAndEqualOnesFromItsOwnStart) {
  Picker picker;
  picker.know_length(6 * kPageChunks);
  const ChunkSet all = pages("######"), some = pages("##..#."), few = pages("#.....");
  const std::array<const ChunkSet*, 3> offers = {&all, &some, &few};
  picker.plan(offers, 5);
  EXPECT_EQ(order(picker, all), "523140");
  EXPECT_TRUE(picker.plan_is_used_up());
}

TEST(Picker, AsksAPeerOnlyForWhatItOffers) {
  Picker picker;
  picker.know_length(6 * kPageChunks);
  const ChunkSet all = pages("######"), some = pages("##..#.");
  const std::array<const ChunkSet*, 2> offers = {&all, &some};
  picker.plan(offers, 0);
  EXPECT_EQ(order(picker, some), "014");
}

TEST(Picker, PlansOnlySoFarAheadAndGoesOnBehindThePlan) {
  Picker picker;
  const std::uint64_t count = (Picker::kMaxPlanned + 100) * kPageChunks;
  picker.know_length(count);
  const ChunkSet all{{0, count}};
  const std::array<const ChunkSet*, 2> offers = {&all, &all};
  picker.plan(offers, 0);
  picker.claim({0, Picker::kMaxPlanned * kPageChunks});
  EXPECT_TRUE(picker.plan_is_used_up());
  EXPECT_EQ(picker.next(all, 64).begin, Picker::kMaxPlanned * kPageChunks);
}

}  // namespace
}  // namespace earshot::stream::ppspp
