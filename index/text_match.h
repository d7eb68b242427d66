// Whether a track's own words say what an InText asks for: words side by side in a field, which postings do not know.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "index/query.h"
#include "index/tokenizer.h"
#include "schema/track.h"

namespace earshot::index {

/// The texts of a track by Field.
using Texts = std::array<std::string_view, 5>;

Texts texts_of(const Track& track);

/// Not thread-safe: keeps memory from track to track.
class TextMatch {
 public:
  explicit TextMatch(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  /// A run of one word may be any spelling that the tokenizer gives; longer ones are words as they stand.
  bool holds(const InText& wanted, const Texts& texts);

 private:
  bool stands_in(std::span<const Run> runs, std::string_view text);
  // Whether the run begins at a word.
  bool is_at(const Run& run, std::size_t begin) const;

  const Tokenizer* tokenizer_;
  Tokens tokens_;
  std::vector<std::string_view> words_;
};

}  // namespace earshot::index
