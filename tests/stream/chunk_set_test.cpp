// ChunkSet beside std::set.
#include "stream/ppspp/chunk_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace earshot::stream::ppspp {
namespace {

TEST(ChunkSet, MeltsNeighboursTogether) {
  ChunkSet set{{0, 2}, {4, 6}};
  EXPECT_EQ(set.insert({2, 4}), 2u);
  EXPECT_EQ(set.ranges().size(), 1u);
  EXPECT_EQ(set.around(5), (ChunkRange{0, 6}));
}

TEST(ChunkSet, RefusesOneRunTooMany) {
  ChunkSet set{{0, 1}, {2, 3}};
  EXPECT_EQ(set.insert({10, 11}, 2), 0u);
  EXPECT_EQ(set.insert({1, 2}, 2), 1u);
  EXPECT_EQ(set.size(), 3u);
}

RC_GTEST_PROP(ChunkSet, BehavesAsASetOfChunks, ()) {
  constexpr std::uint64_t kUniverse = 40;
  ChunkSet set;
  std::set<std::uint64_t> twin;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int step = 0; step < steps; ++step) {
    const auto begin = *rc::gen::inRange<std::uint64_t>(0, kUniverse);
    const auto end = *rc::gen::inRange<std::uint64_t>(0, kUniverse);
    const ChunkRange range{begin, end};
    std::uint64_t changed = 0;
    if (*rc::gen::inRange(0, 3) != 0) {
      for (std::uint64_t chunk = begin; chunk < end; ++chunk) changed += twin.insert(chunk).second;
      RC_ASSERT(set.insert(range) == changed);
    } else {
      for (std::uint64_t chunk = begin; chunk < end; ++chunk) changed += twin.erase(chunk);
      RC_ASSERT(set.erase(range) == changed);
    }
    RC_ASSERT(set.size() == twin.size());
    bool all = true, any = false;
    for (std::uint64_t chunk = begin; chunk < end; ++chunk) {
      all = all && twin.contains(chunk);
      any = any || twin.contains(chunk);
    }
    RC_ASSERT(set.contains_all(range) == all);
    RC_ASSERT(set.contains_any(range) == any);
    for (std::uint64_t chunk = 0; chunk < kUniverse; ++chunk) {
      RC_ASSERT(set.contains(chunk) == twin.contains(chunk));
      RC_ASSERT(set.around(chunk).contains(chunk) == twin.contains(chunk));
    }
    const ChunkRange run = set.first_run(range), gap = set.first_gap(range);
    std::uint64_t first_in = begin, first_out = begin;
    while (first_in < end && !twin.contains(first_in)) ++first_in;
    while (first_out < end && twin.contains(first_out)) ++first_out;
    RC_ASSERT((run.empty() ? first_in >= end : run.begin == first_in));
    RC_ASSERT((gap.empty() ? first_out >= end : gap.begin == first_out));
    for (std::size_t i = 1; i < set.ranges().size(); ++i) RC_ASSERT(set.ranges()[i - 1].end < set.ranges()[i].begin);
  }
}

}  // namespace
}  // namespace earshot::stream::ppspp
