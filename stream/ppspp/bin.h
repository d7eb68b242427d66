// Chunk ranges and bin numbers (RFC 7574, section 4.2): the names of chunks and of the nodes of the tree above them.
//
// A bin names one node of a binary tree over chunks 0, 1, 2, ...: leaf i has number 2i, and a parent's number is the mean
// of its children's. So the number of trailing one bits is the node's height, and what stands above them is the node's
// position in its row.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

namespace earshot::stream::ppspp {

/// Chunks begin, begin + 1, ..., end - 1. (On the wire the end is inclusive.)
struct ChunkRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  auto operator<=>(const ChunkRange&) const = default;

  constexpr bool empty() const { return begin >= end; }
  constexpr std::uint64_t size() const { return empty() ? 0 : end - begin; }
  constexpr bool contains(std::uint64_t chunk) const { return chunk >= begin && chunk < end; }
};

/// The part that two ranges share, perhaps empty.
constexpr ChunkRange intersection(ChunkRange a, ChunkRange b) {
  return {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

/// A node of the tree. Heights go up to 62, so that ranges never overflow.
class Bin {
 public:
  static constexpr unsigned kMaxHeight = 62;

  constexpr Bin() = default;
  /// REQUIRES: height <= kMaxHeight, position < 2^(63 - height).
  constexpr Bin(unsigned height, std::uint64_t position)
      : number_((position << (height + 1)) | ((std::uint64_t{1} << height) - 1)) {}

  static constexpr Bin leaf(std::uint64_t chunk) { return Bin(0, chunk); }

  /// The node whose leaves are exactly this range, if there is one: its size is a power of two and its start a multiple
  /// of its size.
  static constexpr std::optional<Bin> covering(ChunkRange range) {
    const std::uint64_t size = range.size();
    if (!std::has_single_bit(size) || range.begin % size != 0 || range.end > std::uint64_t{1} << kMaxHeight) {
      return std::nullopt;
    }
    const auto height = static_cast<unsigned>(std::countr_zero(size));
    return Bin(height, range.begin >> height);
  }

  constexpr std::uint64_t number() const { return number_; }
  constexpr unsigned height() const { return static_cast<unsigned>(std::countr_one(number_)); }
  constexpr std::uint64_t position() const { return number_ >> (height() + 1); }
  constexpr ChunkRange chunks() const {
    const std::uint64_t first = position() << height();
    return {first, first + (std::uint64_t{1} << height())};
  }

  constexpr bool is_left() const { return position() % 2 == 0; }
  constexpr Bin parent() const { return Bin(height() + 1, position() / 2); }
  constexpr Bin sibling() const { return Bin(height(), position() ^ 1); }

  auto operator<=>(const Bin&) const = default;

 private:
  std::uint64_t number_ = 0;
};

/// The height of the smallest tree with at least this many leaves. REQUIRES: chunk_count > 0.
constexpr unsigned tree_height(std::uint64_t chunk_count) {
  return static_cast<unsigned>(std::bit_width(chunk_count - 1));
}

/// The peaks of a content of so many chunks, from left to right: one for each one bit of the count (section 5.6.1).
std::vector<Bin> peaks(std::uint64_t chunk_count);

}  // namespace earshot::stream::ppspp
