// The wheel against the obvious model: a multimap by (time, sender, order).
#include "sim/event_wheel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <tuple>
#include <vector>

#include "schema/random.h"

namespace earshot::sim {
namespace {

class NaiveWheel {
 public:
  void push(const Event& event) { events_.emplace(std::tuple(event.at, event.from, order_++), event); }
  bool pop(Event& event) {
    if (events_.empty()) return false;
    event = events_.begin()->second;
    events_.erase(events_.begin());
    return true;
  }

 private:
  std::map<std::tuple<Instant, PeerId, std::uint64_t>, Event> events_;
  std::uint64_t order_ = 0;
};

Event event_at(Duration at, std::uint32_t from, std::uint32_t body) {
  return {Instant{} + at, PeerId{from}, PeerId{7}, body, 3, 4, EventKind::kQuery, 1};
}

TEST(EventWheel, KeepsEveryFieldOfAnEvent) {
  EventWheel wheel;
  const Event pushed{Instant{} + 123456789us, PeerId{1}, PeerId{2}, 3, 4, 5, EventKind::kShuffle, 6};
  wheel.push(pushed);
  Event popped;
  ASSERT_TRUE(wheel.pop(popped));
  EXPECT_EQ(popped, pushed);
  EXPECT_EQ(wheel.now(), pushed.at);
  EXPECT_TRUE(wheel.empty());
  EXPECT_FALSE(wheel.pop(popped));
}

TEST(EventWheel, OrdersOneInstantBySenderThenBySequence) {
  EventWheel wheel;
  for (const std::uint32_t sender : {2u, 1u, 2u, 1u}) wheel.push(event_at(50ms, sender, static_cast<std::uint32_t>(wheel.size())));
  std::vector<std::uint32_t> bodies;
  for (Event event; wheel.pop(event);) bodies.push_back(event.body);
  EXPECT_EQ(bodies, (std::vector<std::uint32_t>{1, 3, 0, 2}));
}

TEST(EventWheel, LetsAnEventPushIntoItsOwnInstant) {
  EventWheel wheel;
  wheel.push(event_at(50ms, 5, 1));
  wheel.push(event_at(50ms, 6, 2));
  Event event;
  ASSERT_TRUE(wheel.pop(event));
  wheel.push(event_at(50ms, 4, 3));  // smaller sender: before what still waits
  wheel.push(event_at(50ms, 6, 4));  // equal sender: behind what was there first
  std::vector<std::uint32_t> bodies;
  while (wheel.pop(event)) bodies.push_back(event.body);
  EXPECT_EQ(bodies, (std::vector<std::uint32_t>{3, 2, 4}));
}

TEST(EventWheel, AnnouncesEachTargetOfABlockOnce) {
  EventWheel wheel;
  for (std::uint32_t i = 0; i < 5; ++i) {
    Event event = event_at(50ms + i * 1us, 0, 0);
    event.to = PeerId{i};
    wheel.push(event);
  }
  EventWheel::Cursor cursor;
  std::vector<std::uint32_t> announced;
  for (Event event; wheel.pop(event);) {
    wheel.look_ahead(cursor, 2, [&](PeerId peer, EventKind, std::uint32_t) { announced.push_back(to_number(peer)); });
  }
  EXPECT_EQ(announced, (std::vector<std::uint32_t>{1, 2, 3, 4}));
}

TEST(EventWheel, ReusesItsMemory) {
  EventWheel wheel;
  std::size_t after_first_lap = 0;
  for (int lap = 0; lap < 5; ++lap) {
    const Duration begin = wheel.now() - Instant{} + 20ms;
    for (int i = 0; i < 100'000; ++i) wheel.push(event_at(begin + i * 1us, 0, 0));
    for (Event event; wheel.pop(event);) {}
    if (lap == 0) after_first_lap = wheel.bytes();
  }
  EXPECT_LE(wheel.bytes(), after_first_lap + after_first_lap / 2);
}

/// Pushes and pops at random; delays are mostly short, some zero, some over epochs, many equal.
RC_GTEST_PROP(EventWheelTwin, PopsWhatTheModelPops, ()) {
  EventWheel wheel;
  NaiveWheel naive;
  const auto steps = *rc::gen::inRange(1, 3000);
  const auto burst = *rc::gen::element(1, 3, 700);
  Event real;
  Event expected;
  for (int step = 0; step < steps; ++step) {
    if (*rc::gen::inRange(0, 3) > 0) {
      const auto pushes = step == 0 ? burst : 1;
      for (int i = 0; i < pushes; ++i) {
        const Duration delay = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 3), rc::gen::inRange<std::int64_t>(0, 20'000),
                                               rc::gen::inRange<std::int64_t>(0, 400'000),
                                               rc::gen::inRange<std::int64_t>(0, 200'000'000)) * 1us;
        Event event = event_at(wheel.now() - Instant{} + delay, *rc::gen::inRange(0u, 5u), static_cast<std::uint32_t>(step));
        event.to = PeerId{static_cast<std::uint32_t>(i)};
        wheel.push(event);
        naive.push(event);
      }
    } else {
      const bool popped = wheel.pop(real);
      RC_ASSERT(popped == naive.pop(expected));
      if (popped) RC_ASSERT(real == expected);
    }
  }
  while (naive.pop(expected)) {
    RC_ASSERT(wheel.pop(real));
    RC_ASSERT(real == expected);
  }
  RC_ASSERT(wheel.empty());
}

/// Blocks large enough for the counting sort, with ties both few and many.
TEST(EventWheelTwin, AgreesOnCrowdedBlocks) {
  for (const std::uint64_t spread : {1u, 10u, 1'000u, 8'000u, 50'000u}) {
    EventWheel wheel;
    NaiveWheel naive;
    Random random = Random::stream(spread, 0, 0);
    for (std::uint32_t i = 0; i < 20'000; ++i) {
      const Event event = event_at(100ms + static_cast<std::int64_t>(random.below(spread)) * 1us,
                                   static_cast<std::uint32_t>(random.below(50)), i);
      wheel.push(event);
      naive.push(event);
    }
    Event real;
    Event expected;
    while (naive.pop(expected)) {
      ASSERT_TRUE(wheel.pop(real));
      ASSERT_EQ(real, expected);
    }
  }
}

}  // namespace
}  // namespace earshot::sim
