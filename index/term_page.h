// The page of a segment's terms (index/segment.h, kTerms), one after the other.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "index/postings.h"
#include "index/tokenizer.h"

namespace earshot::index {

/// Postings of so few documents stand with their term.
inline constexpr std::uint32_t kMaxInlined = 3;
inline constexpr std::size_t kTermsPerGroup = 32;

/// What the page says of a term, beside its text.
struct TermEntry {
  std::uint32_t df = 0;  // documents, at least 1
  std::uint8_t most = 0;
  std::uint32_t page = 0;
  std::uint32_t offset = 0;
  std::array<Posting, kMaxInlined> inlined;
};

/// Takes one off the front; false for bytes that are none.
bool take_entry(std::string_view& in, TermEntry& entry);

/// Walks the terms from the start of a group.
class TermPage {
 public:
  explicit TermPage(std::string_view terms) : rest_(terms) {}

  /// False: at the end, or damaged.
  bool next();

  bool is_damaged() const { return is_damaged_; }
  /// Valid until the next call.
  std::string_view text() const { return {text_.data(), size_}; }
  std::string_view rest() const { return rest_; }
  /// Whether the term is stored by what it shares with the one before.
  bool shares() const { return shares_; }
  const TermEntry& entry() const { return entry_; }

 private:
  std::string_view rest_;
  std::array<char, kMaxTerm> text_;
  std::size_t size_ = 0;
  TermEntry entry_;
  bool shares_ = false;
  bool is_damaged_ = false;
};

}  // namespace earshot::index
