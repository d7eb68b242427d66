// The two views of HyParView (paper, section 4.1) with the invariants that hold after every call:
//  - the peer itself is in neither;
//  - nobody is in both;
//  - neither outgrows the memory that it was lent.
#pragma once

#include <optional>
#include <span>

#include "overlay/membership/fixed_set.h"
#include "schema/ids.h"
#include "schema/random.h"

namespace earshot::overlay {

class Views {
 public:
  Views(std::span<PeerId> active, std::span<PeerId> passive) : active_(active), passive_(passive) {}

  const FixedSet& active() const { return active_; }
  const FixedSet& passive() const { return passive_; }
  bool is_neighbor(PeerId peer) const { return active_.contains(peer); }

  /// REQUIRES: not self, no neighbor, and the active view is not full.
  void make_neighbor(PeerId peer) {
    passive_.erase(peer);
    active_.insert(peer);
  }

  bool drop_neighbor(PeerId peer) { return active_.erase(peer); }
  void drop_neighbors() { active_.clear(); }
  bool forget(PeerId peer) { return passive_.erase(peer); }

  /// Keeps a name in reserve. In a full view it takes the place of one of `expendable` that is still there, else of one
  /// at random (paper, section 4.4). Self and neighbors are ignored.
  void keep(PeerId self, PeerId peer, std::span<const PeerId> expendable, Random& random) {
    if (peer == self || peer == kNoPeer || passive_.capacity() == 0) return;
    if (active_.contains(peer) || passive_.contains(peer)) return;
    if (passive_.full()) passive_.erase(victim(expendable, random));
    passive_.insert(peer);
  }

  /// REQUIRES: there is a neighbor.
  PeerId random_neighbor(Random& random) const { return active_.peers()[random.below(active_.size())]; }

  /// A neighbor at random, neither `a` nor `b`.
  std::optional<PeerId> neighbor_except(PeerId a, PeerId b, Random& random) const {
    return active_.pick(random, [=](PeerId peer) { return peer != a && peer != b; });
  }

  std::span<const PeerId> sample_active(Random& random, std::size_t count) { return active_.sample(random, count); }
  std::span<const PeerId> sample_passive(Random& random, std::size_t count) { return passive_.sample(random, count); }

 private:
  PeerId victim(std::span<const PeerId> expendable, Random& random) const {
    for (PeerId peer : expendable) {
      if (passive_.contains(peer)) return peer;
    }
    return passive_.peers()[random.below(passive_.size())];
  }

  FixedSet active_;
  FixedSet passive_;
};

}  // namespace earshot::overlay
