// The two views of HyParView (paper, section 4.1) with the invariants that hold after every call:
//  - the peer itself is in neither;
//  - nobody is in both;
//  - neither outgrows the memory that it was lent;
//  - outbound neighbors are neighbors. Where there is room for none, no neighbor is told apart (rule 12 of membership.h).
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "overlay/membership/fixed_set.h"
#include "schema/ids.h"
#include "schema/random.h"

namespace earshot::overlay {

class Views {
 public:
  Views(std::span<PeerId> active, std::span<PeerId> passive, std::span<PeerId> outbound)
      : active_(active), passive_(passive), outbound_(outbound) {}

  const FixedSet& active() const { return active_; }
  const FixedSet& passive() const { return passive_; }
  bool is_neighbor(PeerId peer) const { return active_.contains(peer); }

  /// Whether slots that we choose for are told from those that we grant.
  bool is_split() const { return outbound_.capacity() > 0; }
  const FixedSet& outbound() const { return outbound_; }
  bool has_room(bool outbound) const {
    if (!is_split()) return !active_.full();
    if (outbound) return !outbound_.full();
    return active_.size() - outbound_.size() < active_.capacity() - outbound_.capacity();
  }

  /// REQUIRES: not self, no neighbor, and there is room.
  void make_neighbor(PeerId peer, bool outbound) {
    passive_.erase(peer);
    active_.insert(peer);
    if (outbound && is_split()) outbound_.insert(peer);
  }

  bool drop_neighbor(PeerId peer) {
    outbound_.erase(peer);
    return active_.erase(peer);
  }
  void drop_neighbors() {
    outbound_.clear();
    active_.clear();
  }
  bool forget(PeerId peer) { return passive_.erase(peer); }

  /// Keeps a name in reserve. In a full view it takes the place of one of `expendable` that is still there, else of one
  /// at random (paper, section 4.4). Self and neighbors are ignored.
  void keep(PeerId self, PeerId peer, std::span<const PeerId> expendable, Random& random) {
    if (peer == self || peer == kNoPeer || passive_.capacity() == 0) return;
    if (active_.contains(peer) || passive_.contains(peer)) return;
    if (passive_.full()) passive_.erase(victim(expendable, random));
    passive_.insert(peer);
  }

  /// The same in a split view: a name has one place, `place_of` it, and of those who would have it the lowest `rank_of` keeps it.
  template <class PlaceOf, class RankOf>
  void keep_ranked(PeerId self, PeerId peer, const PlaceOf& place_of, const RankOf& rank_of) {
    if (peer == self || peer == kNoPeer || active_.contains(peer) || passive_.contains(peer)) return;
    const auto place = place_of(peer);
    const auto other = std::find_if(passive_.begin(), passive_.end(), [&](PeerId one) { return place_of(one) == place; });
    if (other != passive_.end()) {
      if (rank_of(peer) >= rank_of(*other)) return;
      passive_.erase(*other);
    }
    if (!passive_.full()) passive_.insert(peer);
  }

  /// One of those that we chose, or of those that we granted a slot. REQUIRES: there is one; in a view that is not split, any neighbor.
  PeerId random_neighbor(bool outbound, Random& random) const {
    if (!is_split()) return random_neighbor(random);
    return *active_.pick(random, [&](PeerId peer) { return outbound_.contains(peer) == outbound; });
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
  FixedSet outbound_;  // of active_
};

}  // namespace earshot::overlay
