// Which terms of a segment may be near a typed one, told by their letters alone: 8 bytes a term, kept in memory.
//
// A term's mask has a bit for each letter in it. An edit changes two bits of a mask at most (a letter replaced by
// another) and the number of letters by one, so terms whose masks differ in more, or whose lengths do, are out: one in
// 300 stays, which is compared in full. Looking at 200,000 masks takes about 50 us.
//
// Rationale: deletes of each term (SymSpell) answer in 4 us and take 80 bytes a term, with two edits 200; a walk over
// the sorted terms takes no memory and 250 us, with two edits 1,300.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "index/tokenizer.h"

namespace earshot::index {

/// A bit for each letter of a word; letters beyond a-z share them.
std::uint32_t mask_of(std::string_view word);

/// Letters of a word, at most kMaxTerm.
std::size_t letters_in(std::string_view word);

class TermMasks {
 public:
  /// Terms come in the order of their numbers, from 0.
  void add(std::string_view term);
  void shrink_to_fit();

  /// Appends the numbers of all terms that may be within `edits` of `word`, and of some that are not.
  void find(std::string_view word, unsigned edits, std::vector<std::uint32_t>& terms) const;

 private:
  struct OfLength {
    std::vector<std::uint32_t> masks;
    std::vector<std::uint32_t> terms;
  };
  std::array<OfLength, kMaxTerm + 1> lengths_;
  std::uint32_t next_ = 0;
};

}  // namespace earshot::index
