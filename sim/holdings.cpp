// Libraries that come and go.
#include "sim/holdings.h"

namespace earshot::sim {

Holdings::Holdings(const Catalog& catalog, std::uint32_t peers, bool changing) : catalog_(catalog) {
  if (!changing) return;
  library_of_.reserve(peers);
  for (std::uint32_t i = 0; i < peers; ++i) library_of_.push_back(PeerId{i});
  available_.resize(catalog.items());
  starts_.resize(std::size_t{peers} + 1);
  for (std::uint32_t item = 0; item < catalog.items(); ++item) {
    for (const PeerId holder : catalog.holders(item)) ++starts_[to_number(holder) + 1];
  }
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  items_.resize(starts_.back());
  std::vector<std::uint32_t> ends(starts_.begin(), starts_.end() - 1);
  for (std::uint32_t item = 0; item < catalog.items(); ++item) {
    for (const PeerId holder : catalog.holders(item)) items_[ends[to_number(holder)]++] = item;
  }
}

void Holdings::count(PeerId peer, std::uint32_t more) {
  if (available_.empty()) return;
  const std::uint32_t library = to_number(library_of_[to_number(peer)]);
  for (std::uint32_t i = starts_[library]; i < starts_[library + 1]; ++i) available_[items_[i]] += more;
}

std::size_t Holdings::bytes() const {
  return library_of_.capacity() * sizeof(PeerId) +
         (starts_.capacity() + items_.capacity() + available_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace earshot::sim
