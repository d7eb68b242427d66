// Slips of the pen: how many edits make one word of another. An edit adds, drops or replaces a letter, or swaps two
// neighbours (optimal string alignment; Damerau, "A technique for computer detection and correction of spelling
// errors", 1964). Letters are code points.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/tokenizer.h"

namespace earshot::index {

/// How many edits a typed word may be off: one from four letters on, two from eight; none with a digit in it, whose
/// neighbours are other numbers.
unsigned allowed_edits(std::string_view word);

/// Compares many words with one. What a word shares with the one before is not compared again.
class Edits {
 public:
  /// REQUIRES: `wanted` has at most kMaxTerm bytes.
  Edits(std::string_view wanted, unsigned most);

  /// Nothing when there are more than `most`. REQUIRES: at most kMaxTerm bytes of UTF-8.
  std::optional<unsigned> from(std::string_view word);

 private:
  struct Letter {
    char32_t letter = 0;
    std::size_t end = 0;  // in bytes
  };
  bool add_row(std::size_t depth);

  std::u32string wanted_;
  unsigned most_;
  std::string before_;
  std::vector<Letter> letters_;  // of before_, as far as rows were made
  std::array<std::array<std::uint8_t, kMaxTerm + 1>, kMaxTerm + 1> rows_;
  std::size_t hopeless_ = 0;  // bytes of before_ that no near word begins with; 0: none
};

}  // namespace earshot::index
