// Draws and queues.
#include "tests/impairment/impairment.h"

#include <algorithm>

namespace earshot::impairment {

std::vector<Instant> Impairment::arrivals(Instant now, std::size_t bytes) {
  Random random = Random::stream(seed_, number_++, 1);
  ++counters_.sent;
  Instant leaves = now;
  if (path_.bytes_per_second != 0) {
    if (line_free_ > now + path_.queue) {
      ++counters_.overflowed;
      return {};
    }
    const auto on_the_line = Duration(static_cast<std::int64_t>(bytes * 1'000'000 / path_.bytes_per_second));
    line_free_ = std::max(line_free_, now) + on_the_line;
    leaves = line_free_;
  }
  if (random.chance(path_.loss_percent, 100)) {
    ++counters_.lost;
    return {};
  }
  std::vector<Instant> arrivals(random.chance(path_.repeat_percent, 100) ? 2 : 1);
  counters_.repeated += arrivals.size() - 1;
  for (Instant& arrival : arrivals) {
    arrival = leaves + path_.delay + Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(path_.jitter.count()) + 1)));
    if (path_.in_order) arrival = last_arrival_ = std::max(arrival, last_arrival_);
    if (!random.chance(path_.reorder_percent, 100)) continue;
    ++counters_.reordered;
    arrival += path_.reorder_by;
  }
  return arrivals;
}

}  // namespace earshot::impairment
