// The table of distances, one row a letter, kept from word to word.
#include "index/edits.h"

#include <algorithm>

#include "schema/check.h"

namespace earshot::index {

namespace {

// Terms are clean UTF-8; another byte stands for itself.
char32_t take_letter(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t size = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
  char32_t letter = size == 1 ? byte : byte & (0x3Fu >> (size - 1));
  const std::size_t end = std::min(at + size, text.size());
  for (++at; at < end; ++at) letter = letter << 6 | (static_cast<unsigned char>(text[at]) & 0x3Fu);
  return letter;
}

}  // namespace

unsigned allowed_edits(std::string_view word) {
  std::size_t letters = 0;
  bool has_digit = false;
  for (const char byte : word) {
    letters += (byte & 0xC0) != 0x80;
    has_digit = has_digit || (byte >= '0' && byte <= '9');
  }
  return has_digit || letters < 4 ? 0 : letters < 8 ? 1 : 2;
}

Edits::Edits(std::string_view wanted, unsigned most) : most_(most) {
  EARSHOT_CHECK(wanted.size() <= kMaxTerm);
  for (std::size_t at = 0; at < wanted.size();) wanted_.push_back(take_letter(wanted, at));
  for (std::size_t i = 0; i <= wanted_.size(); ++i) rows_[0][i] = static_cast<std::uint8_t>(i);
}

// The row of the first `depth` letters; false: no word that begins with them is near enough.
bool Edits::add_row(std::size_t depth) {
  const auto& above = rows_[depth - 1];
  auto& row = rows_[depth];
  const char32_t letter = letters_[depth - 1].letter;
  row[0] = static_cast<std::uint8_t>(depth);
  unsigned least = row[0];
  for (std::size_t i = 1; i <= wanted_.size(); ++i) {
    const unsigned replaced = above[i - 1] + (wanted_[i - 1] == letter ? 0u : 1u);
    unsigned edits = std::min({replaced, above[i] + 1u, row[i - 1] + 1u});
    if (depth > 1 && i > 1 && wanted_[i - 1] == letters_[depth - 2].letter && wanted_[i - 2] == letter) {
      edits = std::min(edits, rows_[depth - 2][i - 2] + 1u);
    }
    row[i] = static_cast<std::uint8_t>(edits);
    least = std::min(least, edits);
  }
  // A swap looks one row further back, so a row may still be saved by the one above.
  const unsigned above_least = *std::min_element(above.begin(), above.begin() + static_cast<long>(wanted_.size()) + 1);
  return std::min(least, above_least + 1) <= most_;
}

std::optional<unsigned> Edits::from(std::string_view word) {
  const auto [end, other] = std::mismatch(word.begin(), word.end(), before_.begin(), before_.end());
  const auto shared = static_cast<std::size_t>(end - word.begin());
  if (hopeless_ > 0 && shared >= hopeless_) return std::nullopt;
  while (!letters_.empty() && letters_.back().end > shared) letters_.pop_back();
  before_ = word;
  hopeless_ = 0;
  for (std::size_t at = letters_.empty() ? 0 : letters_.back().end; at < word.size();) {
    const char32_t letter = take_letter(word, at);
    letters_.push_back({letter, at});
    if (!add_row(letters_.size())) {
      hopeless_ = at;
      return std::nullopt;
    }
  }
  const unsigned edits = rows_[letters_.size()][wanted_.size()];
  return edits <= most_ ? std::optional(edits) : std::nullopt;
}

}  // namespace earshot::index
