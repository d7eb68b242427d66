// Who may come in, and in which order what is queued leaves.
#include "overlay/net/gate.h"

#include <gtest/gtest.h>

#include "overlay/net/send_queue.h"

namespace earshot::overlay::net {
namespace {

using Verdict = Gate::Verdict;

NodeKey key_number(std::uint8_t number) {
  NodeKey key;
  key.bytes[0] = number;
  return key;
}

Verdict ask(Gate& gate, Instant now, std::string_view address, const NodeKey& key = key_number(1),
            std::string_view mechanism = "CURVE") {
  return gate.admit(now, mechanism, key.bytes, *endpoint_from(address));
}

TEST(Gate, WelcomesAnyKeyAndNothingButCurve) {
  Gate gate({1, 2});
  EXPECT_EQ(ask(gate, Instant{}, "8.8.8.8:1"), Verdict::kWelcome);
  EXPECT_EQ(ask(gate, Instant{}, "8.8.8.8:1", key_number(1), "NULL"), Verdict::kNoCurve);
  EXPECT_EQ(ask(gate, Instant{}, "8.8.8.8:1", key_number(1), "PLAIN"), Verdict::kNoCurve);
  EXPECT_EQ(ask(gate, Instant{}, "8.8.8.8:1", NodeKey{}), Verdict::kBadKey);
  EXPECT_EQ(gate.admit(Instant{}, "CURVE", ByteView(key_number(1).bytes).first(31), Endpoint{}), Verdict::kBadKey);
}

TEST(Gate, ANodeThatKeepsToItsOwnNetworksLetsNobodyInFromBeyondThem) {
  Gate gate({1, 2}, Reach::kPrivate);
  EXPECT_EQ(ask(gate, Instant{}, "8.8.8.8:1"), Verdict::kDenied);
  EXPECT_EQ(ask(gate, Instant{}, "192.168.1.2:1"), Verdict::kWelcome);
  EXPECT_EQ(ask(gate, Instant{}, "127.0.0.1:1"), Verdict::kWelcome);
}

TEST(Gate, KeepsDeniedKeysOutForAsLongAsItWasTold) {
  Gate gate({1, 2});
  gate.deny(key_number(1), Instant{10s});
  EXPECT_EQ(ask(gate, Instant{9s}, "127.0.0.1:1"), Verdict::kDenied);
  EXPECT_EQ(ask(gate, Instant{9s}, "127.0.0.1:1", key_number(2)), Verdict::kWelcome);
  EXPECT_EQ(ask(gate, Instant{10s}, "127.0.0.1:1"), Verdict::kWelcome);
}

TEST(Gate, ANeighborhoodGetsFortyHandshakesAndThenTwentyASecond) {
  Gate gate({1, 2});
  const Instant start{1000s};
  int welcome = 0;
  for (int i = 0; i < 250; ++i) welcome += ask(gate, start, fmt::format("8.8.8.{}:1", i)) == Verdict::kWelcome;
  EXPECT_EQ(welcome, 40);
  EXPECT_EQ(ask(gate, start, "8.8.9.1:1"), Verdict::kWelcome) << "another neighborhood";
  welcome = 0;
  for (int millisecond = 0; millisecond < 1000; ++millisecond) {
    welcome += ask(gate, start + 1ms * millisecond, "8.8.8.8:1") == Verdict::kWelcome;
  }
  EXPECT_NEAR(welcome, 20, 1);
  welcome = 0;
  for (int i = 0; i < 250; ++i) welcome += ask(gate, start + 100s, "8.8.8.8:1") == Verdict::kWelcome;
  EXPECT_EQ(welcome, 40) << "no more than the burst is saved up";
}

TEST(Gate, LoopbackIsNotCounted) {
  Gate gate({1, 2});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask(gate, Instant{}, "127.0.0.1:1"), Verdict::kWelcome);
}

Bytes frame(char letter, std::size_t size = 10) {
  return Bytes(size, static_cast<std::uint8_t>(letter));
}

std::string drained(SendQueue& queue) {
  std::string letters;
  for (; !queue.empty(); queue.pop()) letters.push_back(static_cast<char>(queue.front()[0]));
  return letters;
}

TEST(SendQueue, SendsControlBeforeHitsBeforeQueriesAndEachInOrder) {
  SendQueue queue;
  for (const char letter : {'q', 'r'}) queue.push(Priority::kQueries, frame(letter));
  for (const char letter : {'h', 'i'}) queue.push(Priority::kHits, frame(letter));
  for (const char letter : {'c', 'd'}) queue.push(Priority::kControl, frame(letter));
  EXPECT_EQ(drained(queue), "cdhiqr");
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(SendQueue, AFrameThatDoesNotFitPushesOutTheOldestOfLowerLanesFirst) {
  SendQueue queue;
  const std::size_t quarter = SendQueue::kBudget / 4;
  queue.push(Priority::kQueries, frame('q', quarter));
  queue.push(Priority::kHits, frame('h', quarter));
  queue.push(Priority::kQueries, frame('r', quarter));
  queue.push(Priority::kControl, frame('c', quarter));
  EXPECT_EQ(queue.push(Priority::kHits, frame('i', quarter)), 1u);
  EXPECT_EQ(queue.push(Priority::kQueries, frame('s', quarter)), 1u);
  EXPECT_EQ(drained(queue), "chis");
}

TEST(SendQueue, DropsWhatDoesNotFitBehindItsBetters) {
  SendQueue queue;
  for (const char letter : {'c', 'd', 'e', 'f'}) queue.push(Priority::kControl, frame(letter, SendQueue::kBudget / 4));
  EXPECT_EQ(queue.push(Priority::kQueries, frame('q')), 1u);
  EXPECT_EQ(queue.push(Priority::kHits, frame('h', SendQueue::kBudget + 1)), 1u);
  EXPECT_EQ(drained(queue), "cdef");
}

}  // namespace
}  // namespace earshot::overlay::net
