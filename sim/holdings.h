// Who holds what at this moment: the catalogue says which library has which items, this says who has which library and
// whether he is there. A run in which nobody comes or goes needs none of it and pays nothing for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "schema/ids.h"
#include "sim/catalog.h"
#include "sim/scenario.h"

namespace earshot::sim {

/// Peers come and go, so who holds what must be followed.
inline bool is_changing(const Scenario& scenario) { return scenario.churn || !scenario.crashes.empty(); }

class Holdings {
 public:
  /// `changing`: peers come and go, and nobody is there yet. Otherwise everybody is.
  Holdings(const Catalog& catalog, std::uint32_t peers, bool changing);

  bool holds(PeerId peer, std::uint32_t item) const {
    return item < catalog_.items() && catalog_.holds(library_of_.empty() ? peer : library_of_[to_number(peer)], item);
  }
  /// Peers that are there and hold the item.
  std::uint32_t copies(std::uint32_t item) const {
    return available_.empty() ? static_cast<std::uint32_t>(catalog_.holders(item).size()) : available_[item];
  }

  void come(PeerId peer) { count(peer, 1); }
  void go(PeerId peer) { count(peer, UINT32_MAX); }
  /// The peer has this one of the catalogue's libraries from now on. REQUIRES: it is not there.
  void give(PeerId peer, PeerId library) { library_of_[to_number(peer)] = library; }

  std::size_t bytes() const;

 private:
  void count(PeerId peer, std::uint32_t more);

  const Catalog& catalog_;
  std::vector<PeerId> library_of_;          // by peer; a library has the number of the peer that it began with
  std::vector<std::uint32_t> starts_;       // the catalogue the other way round: items of each library
  std::vector<std::uint32_t> items_;
  std::vector<std::uint32_t> available_;    // by item
};

}  // namespace earshot::sim
