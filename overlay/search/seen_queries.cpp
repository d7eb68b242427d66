// The table of queries seen.
#include "overlay/search/seen_queries.h"

#include <algorithm>

#include "schema/check.h"

namespace earshot::overlay {

SeenQueries::SeenQueries(std::span<SeenSlot> slots, SipKey key)
    : slots_(slots.data()), key_(key), buckets_(static_cast<std::uint32_t>(slots.size() / kWays)) {
  static_assert(kWays * sizeof(SeenSlot) == 64);
  EARSHOT_CHECK(!slots.empty() && slots.size() % kWays == 0);
  EARSHOT_CHECK(slots.size() / kWays <= 0xffffffffu);
}

void SeenQueries::remember(const Place& place, PeerId link) {
  EARSHOT_CHECK(!place.seen() && link != kNoPeer);
  std::copy_backward(place.bucket_, place.bucket_ + kWays - 1, place.bucket_ + kWays);
  place.bucket_[0] = {place.tag_, link};
}

}  // namespace earshot::overlay
