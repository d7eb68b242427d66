// Buckets and series.
#include "sim/distributions.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace earshot::sim {
namespace {

TEST(Histogram, BucketsTouchAndHoldTheirValues) {
  for (std::uint64_t value = 0; value < 5000; ++value) {
    Histogram histogram;
    histogram.add(value);
    const auto buckets = histogram.buckets();
    ASSERT_EQ(buckets.size(), 1u);
    EXPECT_LE(buckets[0].low, value);
    EXPECT_LT(value, buckets[0].high);
    EXPECT_LE((buckets[0].high - buckets[0].low - 1) * 8, buckets[0].low) << value;
  }
  Histogram all;
  for (std::uint64_t value = 0; value < 5000; ++value) all.add(value);
  const auto buckets = all.buckets();
  for (std::size_t i = 1; i < buckets.size(); ++i) EXPECT_EQ(buckets[i].low, buckets[i - 1].high);
  EXPECT_EQ(buckets.front().low, 0u);
}

TEST(Histogram, TakesTheLargestNumbers) {
  Histogram histogram;
  histogram.add(std::uint64_t{1} << 62, 3);
  EXPECT_EQ(histogram.buckets()[0].count, 3u);
}

TEST(Series, HasAtMostSixtyIntervals) {
  RunRecord record;
  for (int i = 0; i < 1000; ++i) {
    QueryTrack query;
    query.asked = Instant{} + i * 1s;
    query.copies = 10;
    record.queries.push_back(query);
    record.copies.push_back(0);
  }
  const auto rows = series_rows(record);
  EXPECT_LE(rows.size(), 60u);
  EXPECT_EQ(rows[0], "0,17,0.000000,0.000000,10.000,0.000");
  EXPECT_EQ(rows[1].substr(0, 3), "17,");
  EXPECT_TRUE(series_rows(RunRecord{}).empty());
}

}  // namespace
}  // namespace earshot::sim
