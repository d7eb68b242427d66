// Rounds and gifts.
#include "stream/ppspp/choker.h"

#include <algorithm>

namespace earshot::stream::ppspp {

std::vector<std::uint32_t> Choker::choose(Instant now, std::vector<Asker> askers, bool whole) {
  next_round_ = now + kRound;
  std::vector<std::uint32_t> served;
  if (askers.size() <= slots_) {
    for (const Asker& asker : askers) served.push_back(asker.name);
    return served;
  }
  // The gift stays where it is until its time is over or its owner has gone.
  const auto owner = std::find_if(askers.begin(), askers.end(), [&](const Asker& a) { return a.name == gift_to_ && a.served; });
  if (owner == askers.end() || now - gift_given_ >= kGift) {
    const auto next = std::min_element(askers.begin(), askers.end(), [](const Asker& a, const Asker& b) {
      if (a.served != b.served) return !a.served;
      if (a.never_served != b.never_served) return a.never_served;
      return a.waits_since < b.waits_since;
    });
    gift_to_ = next->name;
    gift_given_ = now;
  }
  std::stable_sort(askers.begin(), askers.end(), [&](const Asker& a, const Asker& b) {
    return whole ? a.taken < b.taken : a.given > b.given;
  });
  served.push_back(gift_to_);
  for (const Asker& asker : askers) {
    if (served.size() >= slots_) break;
    if (asker.name != gift_to_) served.push_back(asker.name);
  }
  return served;
}

}  // namespace earshot::stream::ppspp
