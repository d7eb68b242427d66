// Posting lists as they are stored in a segment, and a cursor over them.
//
// A list of `size` postings in a segment of `docs` documents; both are known from elsewhere, and say which form it has:
//
//   list    := block                                     size <= 128
//            | skip{blocks} block{blocks}                blocks = size / 128, rounded up
//            | bitmap                                    size > 128 and size > docs / 32
//   skip    := last_doc:u32 end:u32 most:byte            end: of the block, from the start of the first one
//   block   := gap_width:byte palette gap codes          gaps and codes packed (index/bits.h)
//   bitmap  := palette range{ranges} bit{docs} code      ranges = docs / 512, rounded up; bits to the full range
//   range   := before:u32 most:byte                      postings before the range; the largest count in it
//   palette := colours:byte count:byte{colours}          a code is an index into it, of as few bits as needed; without
//                                                        colours a code is the count itself, of eight bits
// Fixed-width numbers are little-endian. A gap is the distance to the document before, minus 1 (in a list's first
// block, the first gap is the document itself).
//
// Rationale: a count is one of few sums of field weights, so two bits mostly hold it; the largest count of a block
// bounds what its documents can score, since a segment numbers its documents by length (index/segment.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "index/bits.h"
#include "index/postings.h"

namespace earshot::index {

inline constexpr std::size_t kBlock = 128;
inline constexpr std::size_t kRange = 512;

/// REQUIRES: postings rise strictly, none is empty, all are below `docs`.
std::string encode_list(std::span<const Posting> postings, std::uint32_t docs);

/// Documents of one range of a bitmap.
using RangeBits = std::array<std::uint64_t, kRange / 64>;

/// Documents of one block or range, and where the cursor that read them keeps their counts.
struct DocBlock {
  std::uint32_t size = 0;
  std::array<Doc, kRange> docs;
  std::array<std::uint32_t, kRange> places;
};

/// Walks the postings of one word in one segment, forwards. What it reads outlives it. Damaged bytes give a cursor that
/// says so and is at its end, never a read outside of them.
class Cursor {
 public:
  /// Over no postings.
  Cursor() = default;
  /// Over a stored list at the start of `bytes`, which are followed by kPadding more. `most` bounds every count.
  Cursor(std::string_view bytes, std::uint32_t size, std::uint32_t docs, std::uint8_t most);
  /// Over postings in memory.
  explicit Cursor(std::span<const Posting> postings);

  std::uint32_t size() const { return size_; }
  std::uint8_t most() const { return most_; }
  bool damaged() const { return damaged_; }

  /// How much the word counts in `doc`, 0 when it does not match. REQUIRES: docs asked for never fall.
  std::uint8_t count_in(Doc doc);

  /// The walk by blocks: while has_block(), look at what the block can hold at best, then read or skip it.
  bool has_block() const { return block_ < blocks_ && !damaged_; }
  Doc block_first() const;          // no document of the block is before
  std::uint8_t block_most() const;  // no count of the block is larger
  void skip_block() { ++block_; }
  /// Reads the block's documents; their counts can be asked for until the next block is read.
  void read_block(DocBlock& block);
  std::uint8_t count_at(std::uint32_t place) const {
    return form_ == Form::kMemory ? memory_[place].count : count_of_code(codes_, place);
  }

  /// Bitmaps are walked by ranges, alike in all lists of a segment, so that they can be joined a word at a time.
  bool is_bitmap() const { return form_ == Form::kBitmap && !damaged_; }
  /// Takes the bits off `range` that are not in this list. REQUIRES: is_bitmap, the range is one of the segment's.
  void join(std::uint32_t range, RangeBits& bits) const;
  /// The bits of the next range. REQUIRES: is_bitmap, has_block.
  RangeBits next_bits() const;
  std::uint32_t next_range() const { return block_; }
  /// Only the documents of `bits`. REQUIRES: as above, `bits` are some of the range's.
  void read_some(const RangeBits& bits, DocBlock& block);
  /// Leaves only the documents that are in this list, too. REQUIRES: is_bitmap, all are below `docs`.
  void keep_common(DocBlock& block) const;

 private:
  enum class Form : std::uint8_t { kMemory, kBlocks, kBitmap };

  void open_blocks(std::string_view bytes);
  void open_bitmap(std::string_view bytes);
  bool open_palette(std::string_view& bytes);
  std::uint8_t count_of_code(const char* codes, std::size_t i) const {
    const std::uint32_t code = packed_at(codes, i, code_width_);
    // Without colours nothing bounds a code but its eight bits.
    return colours_ == 0 ? static_cast<std::uint8_t>(code) : static_cast<std::uint8_t>(colour_[code & 15]);
  }
  bool decode_docs(std::uint32_t block);
  std::uint8_t count_in_blocks(Doc doc);
  std::uint8_t count_in_bitmap(Doc doc) const;
  std::uint8_t count_in_memory(Doc doc);
  Doc last_doc_of(std::uint32_t block) const;
  std::uint32_t end_of(std::uint32_t block) const;

  Form form_ = Form::kMemory;
  bool damaged_ = false;
  std::uint8_t most_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t docs_ = 0;
  std::uint32_t blocks_ = 0;  // or ranges
  std::uint32_t block_ = 0;

  std::span<const Posting> memory_;
  std::size_t at_ = 0;  // in memory_, or in decoded_

  const char* skips_ = nullptr;  // or ranges
  const char* first_ = nullptr;  // the first block, or the bits
  std::size_t first_size_ = 0;
  const char* codes_ = nullptr;  // of the decoded block, or of the bitmap
  std::array<char, 16> colour_{};
  std::uint8_t colours_ = 0;
  unsigned code_width_ = 0;

  std::uint32_t decoded_block_ = UINT32_MAX;
  std::uint32_t decoded_size_ = 0;
  std::array<Doc, kBlock> decoded_;
};

/// All of a stored list; empty when it is damaged.
Postings read_all(Cursor cursor);

}  // namespace earshot::index
