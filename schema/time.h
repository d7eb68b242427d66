// Time as an argument: instants and durations in whole microseconds, and no way to ask what time it is.
// Drivers read a steady clock (or a simulated one) and pass the instant in.
#pragma once

#include <chrono>
#include <cstdint>

namespace earshot {

using Duration = std::chrono::duration<std::int64_t, std::micro>;

/// The clock of every Instant. It has no now(): the core cannot read time, it is told.
/// The epoch is the driver's choice (process start, or the start of a simulation).
struct Ticks {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Ticks, Duration>;
  static constexpr bool is_steady = true;
};

using Instant = Ticks::time_point;

inline constexpr Instant kNever = Instant::max();

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

}  // namespace earshot
