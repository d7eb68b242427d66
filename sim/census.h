// What the overlay looks like at one moment: who is linked to whom, and whether it hangs together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schema/ids.h"
#include "sim/lives.h"
#include "sim/population.h"

namespace earshot::sim {

struct Census {
  std::uint64_t links = 0;             // entries of all active views of the living
  std::uint64_t honest_links = 0;      // of those, in views of peers that are no attackers
  std::uint64_t attacker_links = 0;    // of the honest ones, names of attackers
  std::uint32_t honest = 0;            // living peers that are no attackers
  std::uint32_t eclipsed = 0;          // of those, with attackers only for neighbours

  Census& operator+=(const Census& other);
};

/// Of one part's peers. `attackers`: 1 by peer, empty when there are none.
Census census_of(const Population& population, std::span<const std::uint8_t> attackers);

/// Which peers hang together by links between the living; an entry of either view is a link.
class Components {
 public:
  explicit Components(std::uint32_t peers);

  void add(const Population& population, const Lives& lives);
  void join(PeerId a, PeerId b) { parents_[root(to_number(a))] = root(to_number(b)); }

  /// A name for the set of each peer, by peer; add() them where the sets of several parts meet.
  const std::vector<std::uint32_t>& parents() const { return parents_; }
  void add(const std::vector<std::uint32_t>& parents) {
    for (std::uint32_t node = 0; node < parents.size(); ++node) join(PeerId{node}, PeerId{parents[node]});
  }

  /// Peers of the largest set; nobody who is away.
  std::uint32_t largest(const Lives& lives);

 private:
  std::uint32_t root(std::uint32_t node) {
    while (parents_[node] != node) node = parents_[node] = parents_[parents_[node]];
    return node;
  }

  std::vector<std::uint32_t> parents_;
};

}  // namespace earshot::sim
