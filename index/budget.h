// Time left for one search: the first half to read postings, the second to rank them.
#pragma once

#include <chrono>

#include "schema/time.h"

namespace earshot::index {

class Budget {
 public:
  explicit Budget(Duration budget) : half_(Clock::now() + budget / 2), end_(half_ + budget / 2) {}
  bool is_half_spent() const { return Clock::now() >= half_; }
  bool is_spent() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point half_;
  Clock::time_point end_;
};

}  // namespace earshot::index
