// Laying out a million peers.
#include "sim/population.h"

#include <algorithm>

#include "sim/streams.h"

namespace earshot::sim {

namespace {

constexpr std::size_t kCacheLine = 64;

void prefetch(const void* address, std::size_t bytes) {
  const char* line = static_cast<const char*>(address);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(line + i, 1);
}

}  // namespace

Population::Population(std::uint32_t peers, const overlay::Config& config, std::uint64_t seed, std::size_t seen_slots)
    : seen_slots_(seen_slots), active_(std::size_t{peers} * config.active_size),
      passive_(std::size_t{peers} * config.passive_size), seen_(peers * seen_slots), seats_(peers) {
  for (std::uint32_t i = 0; i < peers; ++i) {
    const overlay::Memory memory{active_.extend(std::size_t{config.active_size}), passive_.extend(config.passive_size),
                                 seen_.extend(seen_slots)};
    seats_.emplace_back(overlay::Peer(PeerId{i}, config, stream(seed, i, Purpose::kPeer), memory));
  }
}

Population::Population(const Topology& topology, const overlay::Config& config, std::uint64_t seed, std::size_t seen_slots)
    : seen_slots_(seen_slots), active_(2 * topology.edges()), seen_(topology.nodes() * seen_slots), seats_(topology.nodes()) {
  for (std::uint32_t i = 0; i < topology.nodes(); ++i) {
    const std::span<const PeerId> neighbors = topology.neighbors(PeerId{i});
    const overlay::Memory memory{active_.extend(neighbors.size()), {}, seen_.extend(seen_slots)};
    seats_.emplace_back(overlay::Peer(PeerId{i}, config, stream(seed, i, Purpose::kPeer), memory, neighbors)).alive = true;
  }
}

void Population::prefetch_seat(PeerId id) const { prefetch(&seat(id), Seat::kHotBytes); }

void Population::prefetch_memory(PeerId id) const {
  __builtin_prefetch(seat(id).peer.neighbors().data());
  const overlay::SeenSlot* seen = &seen_[to_number(id) * seen_slots_];
  prefetch(seen, std::min<std::size_t>(seen_slots_ * sizeof(overlay::SeenSlot), 2 * kCacheLine));
}

}  // namespace earshot::sim
