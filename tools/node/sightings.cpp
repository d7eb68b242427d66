// Remembering holders.
#include "tools/node/sightings.h"

#include <algorithm>

namespace earshot::node {

void Sightings::saw(const Track& track, const Contact& holder) {
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] = seen_.try_emplace(track.content);
  if (fresh) {
    at->second.track = track;
    order_.push_back(track.content);
  }
  auto& holders = at->second.holders;
  const auto same =
      std::find_if(holders.begin(), holders.end(), [&](const Contact& known) { return known.key == holder.key; });
  if (same != holders.end()) {
    *same = holder;
  } else if (holders.size() < kMaxHolders) {
    holders.push_back(holder);
  }
  if (order_.size() <= kMaxContents) return;
  seen_.erase(order_.front());
  order_.pop_front();
}

std::optional<Sighting> Sightings::find(const ContentId& content) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(content);
  if (found == seen_.end()) return std::nullopt;
  return found->second;
}

}  // namespace earshot::node
