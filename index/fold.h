// Folding: what one code point becomes before words are compared. NFKC with full case folding by utf8proc, diacritics
// stripped, and a small table for the letters that no Unicode decomposition takes apart (ø, ł, æ, ı, ...).
// Not for: where words begin and end (index/tokenizer.h).
//
// 1. Marks are stripped where they are spelling variants: Latin, Greek, Cyrillic, Hebrew points, Arabic vowels,
//    variation selectors. Kana voicing and the vowel signs of Thai and the Indic scripts are kept.
//    Rationale: "é" is often typed as "e", but "が" is never typed as "か", and Thai without vowel signs is noise.
// 2. The index stores folded terms, so a change here is a new format (index/store.h).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace earshot::index {

constexpr bool is_white(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

constexpr bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

enum class CharKind : std::uint8_t {
  kDropped,    // a mark, a joiner, a selector: as if it were not there
  kSpace,      // ends a word and a chunk
  kSymbol,     // punctuation and symbols: ends a word, not a chunk
  kWord,       // a letter, a digit, or a mark that is kept
  kCjk,        // Han, kana, Hangul: written without spaces
  kExpanded,   // several of the above: see expansion_of
};

/// What one code point folds to. Eight bytes, so that a page of 256 is 2 KiB.
struct Folded {
  std::array<char, 6> bytes{};  // UTF-8
  std::uint8_t size = 0;
  CharKind kind = CharKind::kDropped;

  std::string_view text() const { return {bytes.data(), size}; }
};

/// The folded form of one code point, straight from utf8proc: the authority that FoldTable caches.
std::u32string expansion_of(char32_t code_point);

/// The kind of a code point that is already folded.
CharKind kind_of(char32_t folded);

/// True for code points whose meaning depends on the one before (kept marks, conjoining jamo): a text that has one must
/// be brought to composed form first.
bool composes(char32_t code_point);

/// NFKC of a whole text, for those that hold a code point that composes. Malformed bytes become spaces.
std::string composed(std::string_view text);

/// A lazily filled cache of expansion_of: 0.3 ns a code point instead of 94. Thread-safe; pages are filled once and never
/// change.
class FoldTable {
 public:
  FoldTable() = default;
  ~FoldTable();
  FoldTable(const FoldTable&) = delete;
  FoldTable& operator=(const FoldTable&) = delete;

  const Folded& of(char32_t code_point) const {
    const Page* page = pages_[code_point >> 8].load(std::memory_order_acquire);
    if (page == nullptr) page = filled(code_point >> 8);
    return (*page)[code_point & 0xFF];
  }

 private:
  using Page = std::array<Folded, 256>;
  const Page* filled(std::size_t number) const;

  mutable std::array<std::atomic<const Page*>, 0x110000 / 256> pages_{};
};

}  // namespace earshot::index
