// Text into terms, for tracks and for queries alike.
//
// A text is cut into chunks at white space; a chunk into pieces: words (letters and digits), runs of CJK characters,
// and symbols in between. Neighbouring words of a chunk with symbols between them form a group. It gives:
//
//   kWord      each word                                    "AC/DC" -> ac, dc          "don't" -> don, t
//   kJoined    the words of a group of two or more as one   "AC/DC" -> acdc            "R.E.M." -> rem
//   kLeet      the group read otherwise: symbols as letters "P!nk" -> pink             "Ke$ha" -> kesha
//              a lone word by its other spellings           "Ft." -> feat, with        "III" -> 3
//              & and + between words                        "Simon & Garfunkel" -> and
//   kBigram    two neighbouring characters of a CJK run     "東京タワー" -> 東京, 京タ, タワ, ワー
//   kSingle    the only character of a CJK run              "愛" -> 愛
//   kTail      the last character of a longer CJK run, so that every character begins some term (a query for one
//              character is a prefix search), and the bigram across a symbol ("ジョン・レノン" -> ンレ)
//   kSymbols   a chunk of a text that has neither word nor CJK at all: "!!!"
//
// Rationale: a track is found by the spelling it has, by its words, and by how people who know it type it. The terms of
// the last three kinds but kSymbols are extra: they do not count for a track's length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/fold.h"
#include "index/other_spellings.h"
#include "index/transliterator.h"

namespace earshot::index {

/// A term, in bytes; three of 470,000 real titles have a longer word. Longer: clipped.
inline constexpr std::size_t kMaxTerm = 64;

/// Words that are joined into one term: "K.O.T.T.O.N.M.O.U.T.H." has eleven. More: not joined, a list is no name.
inline constexpr std::size_t kMaxJoined = 12;

enum class TokenKind : std::uint8_t { kWord, kJoined, kLeet, kBigram, kSingle, kTail, kSymbols };

/// True for kinds that repeat what other tokens of the same text already say.
constexpr bool is_extra(TokenKind kind) {
  return kind == TokenKind::kJoined || kind == TokenKind::kLeet || kind == TokenKind::kTail;
}

struct Token {
  std::string_view term;    // of Tokens, valid until they change
  TokenKind kind = TokenKind::kWord;
  std::uint32_t group = 0;  // tokens of one group, or of one CJK run, share it; it never falls
};

/// A list of tokens that keeps its memory from text to text.
class Tokens {
 public:
  void clear();
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  Token operator[](std::size_t i) const;

 private:
  friend class Tokenizer;
  struct Entry {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t group;
    TokenKind kind;
  };
  struct Piece {
    std::uint32_t begin;  // in chunk_
    std::uint32_t end;
    std::uint32_t characters;  // code points; as many as terms a CJK run starts
    CharKind kind;
  };

  void begin_text() { text_first_ = entries_.size(); }
  void append(CharKind kind, std::string_view text);
  void append_plain(std::string_view run);
  void spell_out(char32_t code_point);
  void end_chunk();
  void add(std::string_view term, TokenKind kind);
  void add_group(std::size_t first, std::size_t last);
  void add_joined(std::size_t first, std::size_t last);
  void add_leet(std::size_t first, std::size_t last);
  void add_other_spellings(const Piece& word, std::string_view after);
  void add_run(const Piece& run);
  void add_bridge(const Piece& left, const Piece& right);
  std::string_view text_of(const Piece& piece) const;

  std::string text_;            // the terms, one after the other
  std::vector<Entry> entries_;
  std::uint32_t group_ = 0;
  std::string chunk_;           // the folded text of the chunk at hand
  std::vector<Piece> pieces_;
  std::vector<Inserted> inserted_;  // marks that the chunk's second spelling writes out
  bool is_wide_ = false;            // the chunk was not all ASCII
  std::size_t text_first_ = 0;      // entry at which the text at hand begins
  std::string scratch_;
};

/// Thread-safe: the only state is the cache of folded code points, and rules that are loaded once.
class Tokenizer {
 public:
  Tokenizer() = default;
  /// `transliterator` may be null: then texts have no Latin spellings.
  explicit Tokenizer(const Transliterator* transliterator) : transliterator_(transliterator) {}

  /// Appends the tokens of `text` to `tokens`. Bytes that are not UTF-8 count as white space.
  void append(std::string_view text, Tokens& tokens) const;

  /// What a track's text is also found by: texts for append() of their own. None without a transliterator.
  std::vector<std::string> latin_spellings(std::string_view text) const {
    return transliterator_ ? transliterator_->spellings(text) : std::vector<std::string>();
  }

 private:
  void append_expanded(char32_t code_point, Tokens& tokens) const;
  void append_symbols(std::string_view text, Tokens& tokens) const;

  FoldTable table_;
  const Transliterator* transliterator_ = nullptr;
};

}  // namespace earshot::index
