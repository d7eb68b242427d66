// What time it is: here and nowhere else in what has a clock of its own only for this.
#pragma once

#include <chrono>
#include <cstdint>

#include "schema/time.h"

namespace earshot::node {

/// Never jumps; of no use outside the process.
inline Instant steady_now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// What people read.
inline std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace earshot::node
