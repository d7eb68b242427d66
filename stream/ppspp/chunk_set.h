// Which chunks: a set kept as sorted, disjoint, non-adjacent ranges.
//
// Rationale: content is fetched mostly in order, so a peer's set is a handful of ranges (16 bytes each) where a bitmap of
// 1 GiB would be 128 KiB for each of 64 peers; and "the biggest complete interval around a chunk", which HAVE and ACK
// carry (RFC 7574, section 4.3), is one look-up.
// An attacker who announces every second chunk makes it grow; sets that strangers fill are filled with a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "stream/ppspp/bin.h"

namespace earshot::stream::ppspp {

class ChunkSet {
 public:
  ChunkSet() = default;
  ChunkSet(std::initializer_list<ChunkRange> ranges);

  /// Returns how many chunks are new.
  std::uint64_t insert(ChunkRange range);
  /// As insert, but leaves the set as it is when it would need more than `max_ranges` ranges.
  std::uint64_t insert(ChunkRange range, std::size_t max_ranges);
  /// Returns how many chunks were there.
  std::uint64_t erase(ChunkRange range);
  void clear();

  bool contains(std::uint64_t chunk) const;
  bool contains_all(ChunkRange range) const;
  bool contains_any(ChunkRange range) const;
  /// The largest range of the set around this chunk; empty when it is not in the set.
  ChunkRange around(std::uint64_t chunk) const;
  /// The first run of chunks of `within` that are in the set; empty when there is none.
  ChunkRange first_run(ChunkRange within) const;
  /// The first run of chunks of `within` that are not in the set; empty when there is none.
  ChunkRange first_gap(ChunkRange within) const;

  std::uint64_t size() const { return size_; }
  bool empty() const { return ranges_.empty(); }
  std::span<const ChunkRange> ranges() const { return ranges_; }

  bool operator==(const ChunkSet&) const = default;

 private:
  /// The first range that ends after `chunk`.
  std::vector<ChunkRange>::const_iterator ending_after(std::uint64_t chunk) const;

  std::vector<ChunkRange> ranges_;  // sorted, disjoint, never touching, never empty
  std::uint64_t size_ = 0;          // sum of their sizes
};

}  // namespace earshot::stream::ppspp
