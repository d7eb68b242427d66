// Packing postings, and walking them packed.
#include "index/posting_list.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace earshot::index {

namespace {

constexpr std::size_t kMaxColours = 16;
// Of a segment's documents: a bitmap is asked in 5 ns, a block in 150. Half as many costs 2 bytes a track.
constexpr std::uint32_t kBitmapPart = 32;

constexpr std::size_t kSkip = 9;
constexpr std::size_t kRangeEntry = 5;

// std::popcount is a call into a table where the processor's own may not be assumed.
unsigned ones_in(std::uint64_t word) {
  word -= word >> 1 & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<unsigned>(word * 0x0101010101010101u >> 56);
}

std::uint32_t rounded_up(std::size_t size, std::size_t part) {
  return static_cast<std::uint32_t>((size + part - 1) / part);
}

bool becomes_bitmap(std::size_t size, std::uint32_t docs) {
  return size > kBlock && size > docs / kBitmapPart;
}

unsigned code_width(std::size_t colours) {
  return colours == 0 ? 8 : width_of(static_cast<std::uint32_t>(colours - 1));
}

// The distinct counts in use, and where each stands among them.
struct Palette {
  explicit Palette(std::span<const Posting> postings) {
    std::array<bool, 256> used{};
    for (const Posting& posting : postings) used[posting.count] = true;
    for (unsigned count = 0; count < used.size(); ++count) {
      code_of[count] = static_cast<std::uint8_t>(colours.size());
      if (used[count]) colours.push_back(static_cast<char>(count));
    }
    if (colours.size() <= kMaxColours) return;
    colours.clear();
    for (unsigned count = 0; count < code_of.size(); ++count) code_of[count] = static_cast<std::uint8_t>(count);
  }

  void put(std::string& out) const {
    out.push_back(static_cast<char>(colours.size()));
    out += colours;
  }

  void put_codes(std::string& out, std::span<const Posting> postings) const {
    std::vector<std::uint32_t> codes;
    codes.reserve(postings.size());
    for (const Posting& posting : postings) codes.push_back(code_of[posting.count]);
    pack(out, codes, code_width(colours.size()));
  }

  std::string colours;
  std::array<std::uint8_t, 256> code_of{};
};

void put_block(std::string& out, std::span<const Posting> postings, Doc first) {
  std::array<std::uint32_t, kBlock> gaps;
  std::uint32_t widest = 0;
  for (std::size_t i = 0; i < postings.size(); ++i) {
    gaps[i] = postings[i].doc - first;
    widest |= gaps[i];
    first = postings[i].doc + 1;
  }
  const unsigned width = width_of(widest);
  const Palette palette(postings);
  out.push_back(static_cast<char>(width));
  palette.put(out);
  pack(out, std::span(gaps).first(postings.size()), width);
  palette.put_codes(out, postings);
}

std::string encode_blocks(std::span<const Posting> postings) {
  std::string skips;
  std::string blocks;
  Doc first = 0;
  for (std::size_t at = 0; at < postings.size(); at += kBlock) {
    const auto block = postings.subspan(at, std::min(kBlock, postings.size() - at));
    put_block(blocks, block, first);
    first = block.back().doc + 1;
    put_number(skips, block.back().doc);
    put_number(skips, static_cast<std::uint32_t>(blocks.size()));
    skips.push_back(static_cast<char>(largest_count(block)));
  }
  return postings.size() <= kBlock ? blocks : skips + blocks;
}

std::string encode_bitmap(std::span<const Posting> postings, std::uint32_t docs) {
  const std::uint32_t ranges = rounded_up(docs, kRange);
  const Palette palette(postings);
  std::string out;
  palette.put(out);
  std::vector<std::uint64_t> words(std::size_t{ranges} * (kRange / 64));
  std::size_t at = 0;
  for (std::uint32_t range = 0; range < ranges; ++range) {
    const std::size_t begin = at;
    for (; at < postings.size() && postings[at].doc / kRange == range; ++at) {
      words[postings[at].doc / 64] |= std::uint64_t{1} << (postings[at].doc % 64);
    }
    put_number(out, static_cast<std::uint32_t>(begin));
    out.push_back(static_cast<char>(largest_count(postings.subspan(begin, at - begin))));
  }
  out.append(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(std::uint64_t));
  palette.put_codes(out, postings);
  return out;
}

// Rises by each gap and one more. A width known when it is compiled unpacks twice as fast.
template <unsigned kWidth>
void unpack_gaps(const char* gaps, std::uint32_t count, Doc next, Doc* out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    next += packed_at(gaps, i, kWidth);
    out[i] = next++;
  }
}

using UnpackGaps = void (*)(const char*, std::uint32_t, Doc, Doc*);

template <unsigned... kWidths>
constexpr std::array<UnpackGaps, sizeof...(kWidths)> unpackers(std::integer_sequence<unsigned, kWidths...>) {
  return {&unpack_gaps<kWidths>...};
}

constexpr unsigned kWidths = 33;
constexpr auto kUnpackers = unpackers(std::make_integer_sequence<unsigned, kWidths>());

}  // namespace

std::string encode_list(std::span<const Posting> postings, std::uint32_t docs) {
  return becomes_bitmap(postings.size(), docs) ? encode_bitmap(postings, docs) : encode_blocks(postings);
}

Cursor::Cursor(std::string_view bytes, std::uint32_t size, std::uint32_t docs, std::uint8_t most)
    : most_(most), size_(size), docs_(docs) {
  if (size == 0 || size > docs) {
    damaged_ = size != 0;
  } else if (becomes_bitmap(size, docs)) {
    open_bitmap(bytes);
  } else {
    open_blocks(bytes);
  }
}

Cursor::Cursor(std::span<const Posting> postings)
    : most_(largest_count(postings)),
      size_(static_cast<std::uint32_t>(postings.size())),
      blocks_(rounded_up(postings.size(), kBlock)),
      memory_(postings) {}

void Cursor::open_blocks(std::string_view bytes) {
  form_ = Form::kBlocks;
  blocks_ = rounded_up(size_, kBlock);
  const std::size_t skips = size_ <= kBlock ? 0 : blocks_ * kSkip;
  if (skips > bytes.size()) {
    damaged_ = true;
    return;
  }
  skips_ = bytes.data();
  first_ = bytes.data() + skips;
  first_size_ = bytes.size() - skips;
}

void Cursor::open_bitmap(std::string_view bytes) {
  form_ = Form::kBitmap;
  blocks_ = rounded_up(docs_, kRange);
  const std::size_t ranges = blocks_ * kRangeEntry;
  const std::size_t bits = std::size_t{blocks_} * (kRange / 8);
  if (!open_palette(bytes) || bytes.size() < ranges + bits + packed_bytes(size_, code_width_)) {
    damaged_ = true;
    return;
  }
  skips_ = bytes.data();
  first_ = skips_ + ranges;
  codes_ = first_ + bits;
}

bool Cursor::open_palette(std::string_view& bytes) {
  if (bytes.empty()) return false;
  colours_ = static_cast<std::uint8_t>(bytes[0]);
  code_width_ = code_width(colours_);
  if (colours_ > kMaxColours || bytes.size() < 1u + colours_) return false;
  colour_.fill('\0');
  std::copy_n(bytes.begin() + 1, colours_, colour_.begin());
  bytes.remove_prefix(1u + colours_);
  return true;
}

Doc Cursor::last_doc_of(std::uint32_t block) const {
  return skips_ == first_ ? docs_ - 1 : number_at<Doc>(skips_ + block * kSkip);
}

std::uint32_t Cursor::end_of(std::uint32_t block) const {
  return skips_ == first_ ? static_cast<std::uint32_t>(first_size_)
                          : number_at<std::uint32_t>(skips_ + block * kSkip + 4);
}

Doc Cursor::block_first() const {
  if (form_ == Form::kMemory) return memory_[block_ * kBlock].doc;
  if (form_ == Form::kBitmap) return static_cast<Doc>(block_ * kRange);
  return block_ == 0 ? 0 : std::min(last_doc_of(block_ - 1) + 1, docs_ - 1);
}

std::uint8_t Cursor::block_most() const {
  if (form_ == Form::kMemory) return most_;
  if (form_ == Form::kBitmap) return static_cast<std::uint8_t>(skips_[block_ * kRangeEntry + 4]);
  return skips_ == first_ ? most_ : static_cast<std::uint8_t>(skips_[block_ * kSkip + 8]);
}

// Leaves the block's documents in decoded_, and its counts ready to be read.
bool Cursor::decode_docs(std::uint32_t block) {
  const std::size_t begin = block == 0 ? 0 : end_of(block - 1);
  const std::size_t end = end_of(block);
  decoded_size_ = std::min<std::uint32_t>(kBlock, size_ - block * static_cast<std::uint32_t>(kBlock));
  damaged_ = true;
  if (begin >= end || end > first_size_) return false;
  std::string_view bytes(first_ + begin, end - begin);
  const auto width = static_cast<std::uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  // No gap is wider than the segment, so that no sum of a block's gaps wraps and the last document bounds the others.
  const Doc first = block == 0 ? 0 : last_doc_of(block - 1) + 1;
  if (width >= kWidths || width > width_of(docs_) || first > docs_ || !open_palette(bytes)) return false;
  const std::size_t gaps = packed_bytes(decoded_size_, width);
  if (bytes.size() < gaps + packed_bytes(decoded_size_, code_width_)) return false;
  kUnpackers[width](bytes.data(), decoded_size_, first, decoded_.data());
  if (decoded_[decoded_size_ - 1] >= docs_) return false;
  codes_ = bytes.data() + gaps;
  decoded_block_ = block;
  at_ = 0;
  damaged_ = false;
  return true;
}

void Cursor::read_block(DocBlock& out) {
  if (form_ == Form::kBitmap) return read_some(next_bits(), out);
  const std::uint32_t block = block_++;
  out.size = 0;
  if (form_ == Form::kMemory) {
    const auto begin = static_cast<std::uint32_t>(block * kBlock);
    out.size = static_cast<std::uint32_t>(std::min(kBlock, memory_.size() - begin));
    for (std::uint32_t i = 0; i < out.size; ++i) {
      out.docs[i] = memory_[begin + i].doc;
      out.places[i] = begin + i;
    }
  } else if (decode_docs(block)) {
    out.size = decoded_size_;
    std::copy_n(decoded_.begin(), decoded_size_, out.docs.begin());
    std::iota(out.places.begin(), out.places.begin() + decoded_size_, 0u);
  }
}

RangeBits Cursor::next_bits() const {
  RangeBits bits;
  std::memcpy(bits.data(), first_ + std::size_t{block_} * (kRange / 8), sizeof bits);
  return bits;
}

void Cursor::join(std::uint32_t range, RangeBits& bits) const {
  const char* words = first_ + std::size_t{range} * (kRange / 8);
  for (std::size_t word = 0; word < bits.size(); ++word) bits[word] &= number_at<std::uint64_t>(words + word * 8);
}

void Cursor::read_some(const RangeBits& wanted, DocBlock& out) {
  const RangeBits all = next_bits();
  const std::uint32_t range = block_++;
  std::size_t before = number_at<std::uint32_t>(skips_ + range * kRangeEntry);
  out.size = 0;
  damaged_ = before > size_;
  if (damaged_) return;
  std::uint32_t found = 0;
  for (std::uint32_t word = 0; word < all.size(); ++word) {
    const bool is_whole = wanted[word] == all[word];  // then they are counted, not looked up
    std::size_t rank = before;
    for (std::uint64_t bits = wanted[word]; bits != 0; bits &= bits - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(bits));
      if (!is_whole) rank = before + ones_in(all[word] & ((std::uint64_t{1} << bit) - 1));
      out.docs[found] = static_cast<Doc>(range * kRange + word * 64 + bit);
      out.places[found++] = static_cast<std::uint32_t>(rank++);
    }
    before += ones_in(all[word]);
  }
  if (found > 0 && (out.places[found - 1] >= size_ || out.docs[found - 1] >= docs_)) {
    damaged_ = true;
    return;
  }
  out.size = found;
}

// Without a branch, so that all the bits are on their way from memory at once.
void Cursor::keep_common(DocBlock& block) const {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const Doc doc = block.docs[i];
    block.docs[kept] = doc;
    block.places[kept] = block.places[i];
    kept += static_cast<unsigned char>(first_[doc / 8]) >> (doc % 8) & 1u;
  }
  block.size = kept;
}

std::uint8_t Cursor::count_in(Doc doc) {
  if (damaged_ || size_ == 0) return 0;
  if (form_ == Form::kBitmap) return count_in_bitmap(doc);
  return form_ == Form::kBlocks ? count_in_blocks(doc) : count_in_memory(doc);
}

std::uint8_t Cursor::count_in_bitmap(Doc doc) const {
  const auto range = static_cast<std::uint32_t>(doc / kRange);
  if (range >= blocks_) return 0;
  const char* words = first_ + std::size_t{range} * (kRange / 8);
  const auto last = static_cast<std::uint32_t>(doc % kRange / 64);
  const auto word = number_at<std::uint64_t>(words + last * 8);
  const std::uint64_t bit = std::uint64_t{1} << (doc % 64);
  if ((word & bit) == 0) return 0;
  std::size_t rank = number_at<std::uint32_t>(skips_ + range * kRangeEntry);
  for (std::uint32_t i = 0; i < last; ++i)
    rank += ones_in(number_at<std::uint64_t>(words + i * 8));
  rank += ones_in(word & (bit - 1));
  return rank < size_ ? count_of_code(codes_, rank) : 0;
}

std::uint8_t Cursor::count_in_blocks(Doc doc) {
  if (block_ < blocks_ && last_doc_of(block_) < doc) {
    // Doubling steps, then halving: near blocks are found fast, far ones in a few more.
    std::uint32_t step = 1;
    std::uint32_t low = block_ + 1;
    while (low + step < blocks_ && last_doc_of(low + step - 1) < doc) {
      low += step;
      step *= 2;
    }
    std::uint32_t high = std::min(low + step, blocks_);
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (last_doc_of(middle) < doc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    block_ = low;
  }
  if (block_ >= blocks_) return 0;
  if (decoded_block_ != block_ && !decode_docs(block_)) return 0;
  while (at_ + 16 < decoded_size_ && decoded_[at_ + 16] < doc) at_ += 16;
  while (at_ < decoded_size_ && decoded_[at_] < doc) ++at_;
  return at_ < decoded_size_ && decoded_[at_] == doc ? count_of_code(codes_, at_) : 0;
}

std::uint8_t Cursor::count_in_memory(Doc doc) {
  while (at_ < memory_.size() && memory_[at_].doc < doc) ++at_;
  return at_ < memory_.size() && memory_[at_].doc == doc ? memory_[at_].count : 0;
}

Postings read_all(Cursor cursor) {
  Postings all;
  all.reserve(cursor.size());
  DocBlock block;
  while (cursor.has_block()) {
    cursor.read_block(block);
    for (std::uint32_t i = 0; i < block.size; ++i) all.push_back({block.docs[i], cursor.count_at(block.places[i])});
  }
  if (cursor.damaged()) all.clear();
  return all;
}

}  // namespace earshot::index
