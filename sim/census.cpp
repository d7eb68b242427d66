// Counting links and components.
#include "sim/census.h"

#include <algorithm>
#include <numeric>

namespace earshot::sim {

Census& Census::operator+=(const Census& other) {
  links += other.links;
  honest_links += other.honest_links;
  attacker_links += other.attacker_links;
  honest += other.honest;
  eclipsed += other.eclipsed;
  return *this;
}

Census census_of(const Population& population, std::span<const std::uint8_t> attackers) {
  Census census;
  for (std::uint32_t i = population.range().first; i < population.range().end; ++i) {
    const Seat& seat = population.seat(PeerId{i});
    if (!seat.alive) continue;
    const std::span<const PeerId> neighbors = seat.peer.neighbors();
    census.links += neighbors.size();
    if (!attackers.empty() && attackers[i] != 0) continue;
    ++census.honest;
    census.honest_links += neighbors.size();
    if (attackers.empty()) continue;
    const auto hostile = std::count_if(neighbors.begin(), neighbors.end(), [&](PeerId peer) { return attackers[to_number(peer)] != 0; });
    census.attacker_links += static_cast<std::uint64_t>(hostile);
    census.eclipsed += !neighbors.empty() && static_cast<std::size_t>(hostile) == neighbors.size() ? 1 : 0;
  }
  return census;
}

Components::Components(std::uint32_t peers) : parents_(peers) { std::iota(parents_.begin(), parents_.end(), 0u); }

void Components::add(const Population& population, const Lives& lives) {
  for (std::uint32_t i = population.range().first; i < population.range().end; ++i) {
    const Seat& seat = population.seat(PeerId{i});
    if (!seat.alive) continue;
    for (const PeerId neighbor : seat.peer.neighbors()) {
      if (lives.alive(neighbor)) join(PeerId{i}, neighbor);
    }
  }
}

std::uint32_t Components::largest(const Lives& lives) {
  std::vector<std::uint32_t> sizes(parents_.size());
  std::uint32_t largest = 0;
  for (std::uint32_t node = 0; node < sizes.size(); ++node) {
    if (lives.alive(PeerId{node})) largest = std::max(largest, ++sizes[root(node)]);
  }
  return largest;
}

}  // namespace earshot::sim
