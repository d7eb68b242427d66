// The peers of a run, or of one part of it: one slab for the peers, one for each kind of memory they work in, no heap per peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "overlay/config.h"
#include "overlay/peer.h"
#include "schema/ids.h"
#include "schema/prefetch.h"
#include "schema/time.h"
#include "sim/roles.h"
#include "sim/slab.h"
#include "sim/topology.h"

namespace earshot::sim {

/// Peers first..end-1.
struct PeerRange {
  std::uint32_t first = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - first; }
  bool contains(PeerId peer) const { return to_number(peer) - first < end - first; }
};

inline constexpr std::size_t kCacheLine = 64;

/// A peer and what its driver must remember about it, side by side so that an event touches them together. Aligned, so that
/// the part that every message touches is the first kHotBytes of a seat: the driver's own, and the peer's search, counters
/// and views.
struct alignas(kCacheLine) Seat {
  static constexpr std::size_t kHotBytes = 256;

  explicit Seat(overlay::Peer made) : peer(std::move(made)) {}

  Instant timer = kNever;         // when its next tick is due in the wheel
  std::uint32_t sent = 0;         // messages, for the fate of the next one
  bool alive = false;
  std::uint8_t capacity = 0;      // its class, Roles::class_of
  std::uint8_t attacker = 0;      // Roles::attacker_of
  overlay::Peer peer;
};

/// What the peers of a run are made of.
struct PopulationPlan {
  std::uint64_t seed = 0;
  std::size_t seen_slots = 64;
  const Topology* topology = nullptr;  // null: they know nobody yet and will join
  overlay::Config config;              // of peers in no class
  std::vector<ClassSettings> classes;
  std::vector<AttackerSettings> attackers;
};

class Population {
 public:
  /// Peers of a fixed graph are alive and know their neighbours, with an active view as large as their degree and no passive
  /// one. Others get views as the largest class needs. `plan.topology` must outlive the population.
  Population(const PopulationPlan& plan, PeerRange range);

  PeerRange range() const { return range_; }
  bool owns(PeerId id) const { return range_.contains(id); }
  /// REQUIRES: owns(id).
  Seat& seat(PeerId id) { return seats_[to_number(id) - range_.first]; }
  const Seat& seat(PeerId id) const { return seats_[to_number(id) - range_.first]; }

  /// A seat gets a new peer, who remembers nothing: session number `session`, from 1. REQUIRES: no fixed graph.
  void renew(PeerId id, std::uint32_t session);

  /// Asks for the first cache lines of a seat, which tell where its other memory is.
  void prefetch_seat(PeerId id) const { prefetch_lines(&seat(id), Seat::kHotBytes); }
  /// All of it, for events that are none of a search.
  void prefetch_whole_seat(PeerId id) const { prefetch_lines(&seat(id), sizeof(Seat)); }

  std::size_t bytes() const { return seats_.bytes() + active_.bytes() + passive_.bytes() + seen_.bytes(); }

 private:
  static void prefetch_lines(const void* begin, std::size_t size) {
    for (std::size_t i = 0; i < size; i += kCacheLine) prefetch_to_write(static_cast<const char*>(begin) + i);
  }
  overlay::Memory memory_of(PeerId id);
  const overlay::Config& config_of(std::uint8_t capacity) const { return configs_[capacity]; }

  std::uint64_t seed_;
  PeerRange range_;
  const Topology* topology_;
  std::vector<overlay::Config> configs_;  // by class; 0: none. The peers refer to them, so they stay where they are.
  std::size_t active_size_ = 0;           // of peers that join
  std::size_t passive_size_ = 0;
  std::size_t seen_slots_;
  Slab<PeerId> active_;
  Slab<PeerId> passive_;
  Slab<overlay::SeenSlot> seen_;
  Slab<Seat> seats_;  // last: it points into the others
};

}  // namespace earshot::sim
