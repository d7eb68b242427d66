// All peers of a run: one slab for the peers, one for each kind of memory they work in, no heap per peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "overlay/config.h"
#include "overlay/peer.h"
#include "schema/ids.h"
#include "schema/time.h"
#include "sim/slab.h"
#include "sim/topology.h"

namespace earshot::sim {

/// A peer and what its driver must remember about it, side by side so that an event touches them together. Aligned, so that
/// the part that every message touches is the first kHotBytes of a seat: the driver's own, and the peer's search, counters
/// and views.
struct alignas(64) Seat {
  static constexpr std::size_t kHotBytes = 256;

  explicit Seat(overlay::Peer made) : peer(std::move(made)) {}

  Instant timer = kNever;   // when its next tick is due in the wheel
  std::uint32_t sent = 0;   // messages, for the fate of the next one
  bool alive = false;
  overlay::Peer peer;
};

class Population {
 public:
  /// Peers that know nobody yet and will join; views sized by the configuration.
  Population(std::uint32_t peers, const overlay::Config& config, std::uint64_t seed, std::size_t seen_slots);
  /// Peers whose neighbours are given and stay: an active view as large as its peer's degree, no passive view.
  /// `config` must outlive the population in both cases.
  Population(const Topology& topology, const overlay::Config& config, std::uint64_t seed, std::size_t seen_slots);

  std::uint32_t size() const { return static_cast<std::uint32_t>(seats_.size()); }
  Seat& seat(PeerId id) { return seats_[to_number(id)]; }
  const Seat& seat(PeerId id) const { return seats_[to_number(id)]; }

  /// Asks for the cache lines that an event at this peer will touch: first the seat, some events later what it points to.
  void prefetch_seat(PeerId id) const;
  void prefetch_memory(PeerId id) const;

  std::size_t bytes() const { return seats_.bytes() + active_.bytes() + passive_.bytes() + seen_.bytes(); }

 private:
  std::size_t seen_slots_;
  Slab<PeerId> active_;
  Slab<PeerId> passive_;
  Slab<overlay::SeenSlot> seen_;
  Slab<Seat> seats_;  // last: it points into the others
};

}  // namespace earshot::sim
