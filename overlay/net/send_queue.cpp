// Three lanes, one budget.
#include "overlay/net/send_queue.h"

#include <utility>

#include "schema/check.h"

namespace earshot::overlay::net {

std::size_t SendQueue::push(Priority priority, Bytes frame) {
  EARSHOT_CHECK(!frame.empty());
  const auto own = static_cast<std::size_t>(priority);
  if (frame.size() > kBudget) return 1;
  std::size_t dropped = 0;
  for (std::size_t lane = lanes_.size(); lane-- > own;) {
    while (bytes_ + frame.size() > kBudget && !lanes_[lane].empty()) {
      bytes_ -= lanes_[lane].front().size();
      lanes_[lane].pop_front();
      ++dropped;
    }
  }
  if (bytes_ + frame.size() > kBudget) return dropped + 1;
  bytes_ += frame.size();
  lanes_[own].push_back(std::move(frame));
  return dropped;
}

const SendQueue::Lane& SendQueue::first_lane() const {
  EARSHOT_CHECK(!empty());
  std::size_t lane = 0;
  while (lanes_[lane].empty()) ++lane;
  return lanes_[lane];
}

void SendQueue::pop() {
  Lane& lane = const_cast<Lane&>(first_lane());
  bytes_ -= lane.front().size();
  lane.pop_front();
}

}  // namespace earshot::overlay::net
