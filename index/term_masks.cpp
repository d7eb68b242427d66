// Four masks at once, mostly to say no.
#include "index/term_masks.h"

#include <algorithm>
#include <cstring>

namespace earshot::index {

namespace {

constexpr std::size_t kLanes = 4;
using Masks = std::uint32_t __attribute__((vector_size(kLanes * sizeof(std::uint32_t))));

// Zero where at most `bits` bits are set.
template <class Word>
Word without_lowest(Word word, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) word &= word - 1;
  return word;
}

}  // namespace

std::uint32_t mask_of(std::string_view word) {
  std::uint32_t mask = 0;
  for (std::size_t at = 0; at < word.size();) {
    const auto byte = static_cast<unsigned char>(word[at]);
    std::uint32_t letter = byte;
    for (++at; at < word.size() && (word[at] & 0xC0) == 0x80; ++at) {
      letter = letter << 6 | (static_cast<unsigned char>(word[at]) & 0x3Fu);
    }
    mask |= 1u << (letter % 31);
  }
  return mask;
}

std::size_t letters_in(std::string_view word) {
  const auto letters = std::count_if(word.begin(), word.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
  return std::min(static_cast<std::size_t>(letters), kMaxTerm);
}

void TermMasks::add(std::string_view term) {
  OfLength& here = lengths_[letters_in(term)];
  here.masks.push_back(mask_of(term));
  here.terms.push_back(next_++);
}

void TermMasks::shrink_to_fit() {
  for (OfLength& here : lengths_) {
    here.masks.shrink_to_fit();
    here.terms.shrink_to_fit();
  }
}

void TermMasks::find(std::string_view word, unsigned edits, std::vector<std::uint32_t>& terms) const {
  const std::size_t letters = letters_in(word);
  const std::uint32_t wanted = mask_of(word);
  const unsigned bits = 2 * edits;
  for (std::size_t length = letters - std::min<std::size_t>(letters, edits);
       length <= std::min(letters + edits, kMaxTerm); ++length) {
    const OfLength& here = lengths_[length];
    const auto look = [&](std::size_t i) {
      if (without_lowest(here.masks[i] ^ wanted, bits) == 0) terms.push_back(here.terms[i]);
    };
    std::size_t i = 0;
    for (; i + kLanes <= here.masks.size(); i += kLanes) {
      Masks masks;
      std::memcpy(&masks, here.masks.data() + i, sizeof masks);
      const auto is_near = without_lowest(masks ^ wanted, bits) == 0;
      std::uint64_t any[kLanes / 2];
      static_assert(sizeof any == sizeof is_near);
      std::memcpy(any, &is_near, sizeof any);
      if ((any[0] | any[1]) == 0) continue;
      for (std::size_t lane = 0; lane < kLanes; ++lane) look(i + lane);
    }
    for (; i < here.masks.size(); ++i) look(i);
  }
}

}  // namespace earshot::index
