// Tokens, scores and bans, one link at a time.
#include "overlay/fairness/ledger.h"

#include <gtest/gtest.h>

#include "overlay/fairness/fair_queue.h"

namespace earshot::overlay {
namespace {

constexpr PeerId kAlice{1}, kBob{2};

std::size_t admitted(Ledger& ledger, Instant from, std::size_t queries, Duration apart) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < queries; ++i) count += ledger.admits_query(from + apart * static_cast<std::int64_t>(i), kAlice, 100);
  return count;
}

TEST(Ledger, GrantsEachLinkItsRateAndABurst) {
  Ledger ledger;
  EXPECT_NEAR(static_cast<double>(admitted(ledger, Instant{}, 10'000, 1ms)), 10 * 100 + 400, 2);
  EXPECT_TRUE(ledger.admits_query(Instant{} + 10s, kBob, 100)) << "what one takes is nothing that another lacks";
}

TEST(Ledger, NeverTurnsAwayWhoKeepsToTheRate) {
  Ledger ledger;
  EXPECT_EQ(admitted(ledger, Instant{}, 10'000, 10ms), 10'000u);
  EXPECT_EQ(ledger.account_of(Instant{} + 100s, kAlice)->score, 0);
}

TEST(Ledger, BansAFloodWithinSecondsAndSaysWhy) {
  Ledger ledger;
  std::optional<Deed> ban;
  int sent = 0;
  for (; !ban && sent < 200'000; ++sent) {
    ledger.admits_query(Instant{} + 20us * sent, kAlice, 100);
    ban = ledger.due_for_ban(kAlice);
  }
  EXPECT_EQ(ban, Deed::kFlooding);
  EXPECT_LE(20us * sent, 2s) << "50,000 a second";
}

TEST(Ledger, DoesNotBanWhoPassesOnALittleTooMuch) {
  Ledger ledger;
  for (int i = 0; i < 300'000; ++i) {
    ledger.admits_query(Instant{} + 2ms * i, kAlice, 100);  // five times the rate, for ten minutes
    ASSERT_FALSE(ledger.due_for_ban(kAlice));
  }
  EXPECT_GE(ledger.account_of(Instant{} + 10min, kAlice)->score, Ledger::kWorstByRate);
}

TEST(Ledger, BansForFiveFramesThatAreNone) {
  Ledger ledger;
  for (int i = 0; i < 4; ++i) ledger.note(Instant{} + 1s * i, kAlice, Deed::kMalformed);
  EXPECT_FALSE(ledger.due_for_ban(kAlice));
  ledger.note(Instant{} + 5s, kAlice, Deed::kMalformed);
  EXPECT_EQ(ledger.due_for_ban(kAlice), Deed::kMalformed);
  EXPECT_FALSE(ledger.due_for_ban(kAlice)) << "said once";
}

TEST(Ledger, ForgivesAndForgets) {
  Ledger ledger;
  for (int i = 0; i < 4; ++i) ledger.note(Instant{}, kAlice, Deed::kMalformed);
  EXPECT_EQ(ledger.account_of(Instant{} + 3min, kAlice)->score, -8'800 + 3'000);
  EXPECT_EQ(ledger.account_of(Instant{} + 60min, kAlice)->score, 0);
}

TEST(Ledger, NobodySavesUpForAnAttack) {
  Ledger ledger;
  for (int i = 0; i < 10'000; ++i) ledger.note(Instant{}, kAlice, Deed::kUseful);
  EXPECT_EQ(ledger.account_of(Instant{}, kAlice)->score, Ledger::kBest);
}

TEST(Ledger, FullForgetsTheQuietOnesFirst) {
  Ledger ledger(4);
  ledger.note(Instant{}, kAlice, Deed::kMalformed);
  for (std::uint32_t i = 10; i < 100; ++i) ledger.admits_query(Instant{} + 1ms * i, PeerId{i}, 100);
  EXPECT_EQ(ledger.size(), 4u);
  EXPECT_TRUE(ledger.account_of(Instant{}, kAlice)) << "a bad name is kept";
}

TEST(FairQueue, ServesItsLinesInTurn) {
  FairQueue<int> queue(100);
  for (int i = 0; i < 3; ++i) queue.push(kAlice, i);
  queue.push(kBob, 100);
  EXPECT_EQ(queue.pop(), 0);
  EXPECT_EQ(queue.pop(), 100);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, FullTakesFromTheLongestLine) {
  FairQueue<int> queue(4);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(queue.push(kAlice, i));
  EXPECT_EQ(queue.push(kAlice, 4), 4);
  EXPECT_EQ(queue.push(kBob, 100), 3) << "who asks most loses what he asked last";
  EXPECT_EQ(queue.size(), 4u);
}

}  // namespace
}  // namespace earshot::overlay
