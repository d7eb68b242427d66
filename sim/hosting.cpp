// Lists of owners.
#include "sim/hosting.h"

#include <algorithm>

namespace earshot::sim {

void Hosting::host(PeerId host, PeerId owner, Instant now, Instant expiry) {
  if (lists_.empty()) return;
  std::vector<Entry>& list = lists_[place(host)];
  Entry* expired = nullptr;
  for (Entry& entry : list) {
    if (entry.owner == owner) {
      entry.expiry_s = seconds(expiry);
      return;
    }
    if (entry.expiry_s <= seconds(now)) expired = &entry;
  }
  if (expired != nullptr) {
    *expired = {owner, seconds(expiry)};
  } else {
    list.push_back({owner, seconds(expiry)});
  }
}

void Hosting::drop(PeerId host, PeerId owner) {
  if (lists_.empty()) return;
  std::erase_if(lists_[place(host)], [&](const Entry& entry) { return entry.owner == owner; });
}

void Hosting::clear(PeerId host) {
  if (!lists_.empty()) lists_[place(host)].clear();
}

std::size_t Hosting::bytes() const {
  std::size_t sum = lists_.capacity() * sizeof(std::vector<Entry>);
  for (const std::vector<Entry>& list : lists_) sum += list.capacity() * sizeof(Entry);
  return sum;
}

}  // namespace earshot::sim
