// Instants are told, never asked for; and the arithmetic behind the limits holds.
#include "schema/time.h"

#include <gtest/gtest.h>

#include "schema/limits.h"
#include "schema/result.h"

namespace earshot {
namespace {

template <class C>
concept TellsTheTime = requires { C::now(); };

static_assert(!TellsTheTime<Ticks>);
static_assert(sizeof(Instant) == 8);

TEST(Time, CountsWholeMicroseconds) {
  const Instant start{};
  EXPECT_EQ((start + 1500us - start) / 1ms, 1);
  EXPECT_LT(start + 24h * 365 * 1000, kNever);
}

TEST(Limits, FitIntoEachOther) {
  EXPECT_LT(limits::kMaxQueryText, limits::kMaxQueryFrame);
  EXPECT_LT(limits::kMaxQueryFrame, limits::kMaxFrame);
  EXPECT_LE(limits::kMaxHitsPerHolder, limits::kMaxHitsPerMessage);
  EXPECT_LE(limits::kDefaultQueryTime, limits::kMaxQueryTime);
}

TEST(Error, GrowsItsContextOnTheWayUp) {
  const Error error = Error{ErrorCode::kDisk, "no space left"}.in("write page 7").in("open library 'x'");
  EXPECT_EQ(error.what, "open library 'x': write page 7: no space left");
  EXPECT_EQ(error.code, ErrorCode::kDisk);
  EXPECT_EQ(to_string(error.code), "disk");
}

}  // namespace
}  // namespace earshot
