// A small set of peers in memory that someone else owns: no heap, linear search, no order that anyone may rely on.
// Rationale: a view has 5 to 60 entries of 4 bytes, so a scan touches one to four cache lines, and any tree or table
// costs more than it saves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "schema/check.h"
#include "schema/ids.h"
#include "schema/random.h"

namespace earshot::overlay {

class FixedSet {
 public:
  explicit FixedSet(std::span<PeerId> memory)
      : peers_(memory.data()), capacity_(static_cast<std::uint16_t>(memory.size())) {
    EARSHOT_CHECK(memory.size() <= std::numeric_limits<std::uint16_t>::max());
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == capacity_; }
  const PeerId* begin() const { return peers_; }
  const PeerId* end() const { return peers_ + size_; }
  std::span<const PeerId> peers() const { return {peers_, size_}; }
  bool contains(PeerId peer) const { return std::find(begin(), end(), peer) != end(); }

  /// False when the peer is already in. REQUIRES: it is in, or the set is not full.
  bool insert(PeerId peer) {
    if (contains(peer)) return false;
    EARSHOT_CHECK(!full());
    peers_[size_++] = peer;
    return true;
  }

  /// False when the peer is not in.
  bool erase(PeerId peer) {
    PeerId* const found = std::find(peers_, peers_ + size_, peer);
    if (found == peers_ + size_) return false;
    *found = peers_[--size_];
    return true;
  }

  void clear() { size_ = 0; }

  /// One of those that `wanted` accepts, each with equal chance; nothing when there is none.
  template <class Wanted>
  std::optional<PeerId> pick(Random& random, Wanted wanted) const {
    const auto eligible = static_cast<std::uint64_t>(std::count_if(begin(), end(), wanted));
    if (eligible == 0) return std::nullopt;
    std::uint64_t skip = random.below(eligible);
    return *std::find_if(begin(), end(), [&](PeerId peer) { return wanted(peer) && skip-- == 0; });
  }

  /// Up to `count` different ones at random: a partial Fisher-Yates in place, so the set's own memory is the sample.
  /// Valid until the set changes.
  std::span<const PeerId> sample(Random& random, std::size_t count) {
    const std::size_t taken = std::min<std::size_t>(count, size_);
    for (std::size_t i = 0; i < taken; ++i) std::swap(peers_[i], peers_[i + random.below(size_ - i)]);
    return {peers_, taken};
  }

 private:
  PeerId* peers_;
  std::uint16_t size_ = 0;
  std::uint16_t capacity_;
};

}  // namespace earshot::overlay
