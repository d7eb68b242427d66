// Browsing: whose answer counts, how long it is waited for, how much strangers may ask.
#include "overlay/browse/browsing.h"

#include <gmock/gmock.h>

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kStart{1h};
constexpr PeerId kHolder{7}, kOther{8};

QueryId id(std::uint64_t number) { return {1, number}; }
Shelf shelf(std::uint64_t number) { return {id(number), nullptr, 0, 0, false}; }

TEST(Browsing, TakesAnAnswerOnceAndOnlyFromWhomItAsked) {
  Browsing browsing(true);
  ASSERT_TRUE(browsing.ask(kStart, id(1), kHolder));
  EXPECT_FALSE(browsing.takes(kOther, shelf(1)));
  EXPECT_FALSE(browsing.takes(kHolder, shelf(2)));
  EXPECT_TRUE(browsing.takes(kHolder, shelf(1)));
  EXPECT_FALSE(browsing.takes(kHolder, shelf(1)));
}

TEST(Browsing, WaitsForAnAnswerSoLongAndNoLongerThanItsLink) {
  Browsing browsing(true);
  EXPECT_EQ(browsing.next_deadline(), kNever);
  browsing.ask(kStart, id(1), kHolder);
  browsing.ask(kStart + 1s, id(2), kHolder);
  browsing.ask(kStart + 2s, id(3), kOther);
  EXPECT_EQ(browsing.next_deadline(), kStart + Browsing::kPatience);
  EXPECT_THAT(browsing.expired(kStart + Browsing::kPatience - 1ms), IsEmpty());
  EXPECT_THAT(browsing.expired(kStart + Browsing::kPatience), ElementsAre(id(1)));
  EXPECT_THAT(browsing.lost(kHolder), ElementsAre(id(2)));
  EXPECT_EQ(browsing.open(), 1u);
}

TEST(Browsing, HasItsLimitOfOpenQuestions) {
  Browsing browsing(true);
  for (std::uint64_t i = 0; i < Browsing::kMostOpen; ++i) ASSERT_TRUE(browsing.ask(kStart, id(i), kHolder));
  EXPECT_FALSE(browsing.ask(kStart, id(99), kHolder));
  EXPECT_TRUE(browsing.takes(kHolder, shelf(0)));
  EXPECT_TRUE(browsing.ask(kStart, id(99), kHolder));
}

TEST(Browsing, ShowsSoManyPagesASecondAndSaysWhenItShowsNone) {
  for (const bool shows : {true, false}) {
    Browsing browsing(shows);
    const auto answer = shows ? Browsing::Answer::kPage : Browsing::Answer::kNotShown;
    for (std::uint32_t i = 0; i < Browsing::kAtOnce; ++i) ASSERT_EQ(browsing.judge(kStart), answer) << i;
    EXPECT_EQ(browsing.judge(kStart), Browsing::Answer::kNothing);
    for (std::uint32_t i = 0; i < Browsing::kPerSecond; ++i) ASSERT_EQ(browsing.judge(kStart + 1s), answer) << i;
    EXPECT_EQ(browsing.judge(kStart + 1s), Browsing::Answer::kNothing);
  }
}

}  // namespace
}  // namespace earshot::overlay
