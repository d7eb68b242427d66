// Browsing: whose answer counts, how long it is waited for, how much strangers may ask.
#include "overlay/browse/browsing.h"

#include <gmock/gmock.h>

namespace earshot::overlay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kBrowsedAt{1h};
constexpr PeerId kBrowsed{7}, kSomebodyElse{8};

QueryId question(std::uint64_t number) { return {1, number}; }
Shelf empty_shelf(std::uint64_t number) { return {question(number), nullptr, 0, 0, false}; }

TEST(Browsing, TakesAnAnswerOnceAndOnlyFromWhomItAsked) {
  Browsing browsing(true);
  ASSERT_TRUE(browsing.ask(kBrowsedAt, question(1), kBrowsed));
  EXPECT_FALSE(browsing.takes(kSomebodyElse, empty_shelf(1)));
  EXPECT_FALSE(browsing.takes(kBrowsed, empty_shelf(2)));
  EXPECT_TRUE(browsing.takes(kBrowsed, empty_shelf(1)));
  EXPECT_FALSE(browsing.takes(kBrowsed, empty_shelf(1)));
}

TEST(Browsing, WaitsForAnAnswerSoLongAndNoLongerThanItsLink) {
  Browsing browsing(true);
  EXPECT_EQ(browsing.next_deadline(), kNever);
  browsing.ask(kBrowsedAt, question(1), kBrowsed);
  browsing.ask(kBrowsedAt + 1s, question(2), kBrowsed);
  browsing.ask(kBrowsedAt + 2s, question(3), kSomebodyElse);
  EXPECT_EQ(browsing.next_deadline(), kBrowsedAt + Browsing::kPatience);
  EXPECT_THAT(browsing.expired(kBrowsedAt + Browsing::kPatience - 1ms), IsEmpty());
  EXPECT_THAT(browsing.expired(kBrowsedAt + Browsing::kPatience), ElementsAre(question(1)));
  EXPECT_THAT(browsing.lost(kBrowsed), ElementsAre(question(2)));
  EXPECT_EQ(browsing.open(), 1u);
}

TEST(Browsing, HasItsLimitOfOpenQuestions) {
  Browsing browsing(true);
  for (std::uint64_t i = 0; i < Browsing::kMostOpen; ++i) ASSERT_TRUE(browsing.ask(kBrowsedAt, question(i), kBrowsed));
  EXPECT_FALSE(browsing.ask(kBrowsedAt, question(99), kBrowsed));
  EXPECT_TRUE(browsing.takes(kBrowsed, empty_shelf(0)));
  EXPECT_TRUE(browsing.ask(kBrowsedAt, question(99), kBrowsed));
}

TEST(Browsing, ShowsSoManyPagesASecondAndSaysWhenItShowsNone) {
  for (const bool shows : {true, false}) {
    Browsing browsing(shows);
    const auto answer = shows ? Browsing::Answer::kPage : Browsing::Answer::kNotShown;
    for (std::uint32_t i = 0; i < Browsing::kAtOnce; ++i) ASSERT_EQ(browsing.judge(kBrowsedAt), answer) << i;
    EXPECT_EQ(browsing.judge(kBrowsedAt), Browsing::Answer::kNothing);
    for (std::uint32_t i = 0; i < Browsing::kPerSecond; ++i) ASSERT_EQ(browsing.judge(kBrowsedAt + 1s), answer) << i;
    EXPECT_EQ(browsing.judge(kBrowsedAt + 1s), Browsing::Answer::kNothing);
  }
}

}  // namespace
}  // namespace earshot::overlay
