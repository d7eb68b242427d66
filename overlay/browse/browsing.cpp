// Questions that wait, and a bucket.
#include "overlay/browse/browsing.h"

#include <algorithm>

namespace earshot::overlay {

bool Browsing::ask(Instant now, const QueryId& id, PeerId holder) {
  if (open_.size() >= kMostOpen) return false;
  open_[id] = {holder, now + kPatience};
  return true;
}

bool Browsing::takes(PeerId from, const Shelf& shelf) {
  const auto found = open_.find(shelf.id);
  if (found == open_.end() || found->second.holder != from) return false;
  open_.erase(found);
  return true;
}

template <class Over>
std::vector<QueryId> Browsing::close(Over is_over) {
  std::vector<QueryId> closed;
  for (auto at = open_.begin(); at != open_.end();) {
    if (is_over(at->second)) {
      closed.push_back(at->first);
      at = open_.erase(at);
    } else {
      ++at;
    }
  }
  return closed;
}

std::vector<QueryId> Browsing::expired(Instant now) {
  return close([&](const Open& open) { return open.until <= now; });
}

std::vector<QueryId> Browsing::lost(PeerId peer) {
  return close([&](const Open& open) { return open.holder == peer; });
}

Instant Browsing::next_deadline() const {
  Instant next = kNever;
  for (const auto& [id, open] : open_) next = std::min(next, open.until);
  return next;
}

Browsing::Answer Browsing::judge(Instant now) {
  constexpr Duration kOne = Duration(1s) / kPerSecond;
  if (busy_until_ - now > kOne * (kAtOnce - 1)) return Answer::kNothing;
  busy_until_ = std::max(busy_until_, now) + kOne;
  return shows_ ? Answer::kPage : Answer::kNotShown;
}

}  // namespace earshot::overlay
