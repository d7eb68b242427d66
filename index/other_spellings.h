// What else a word of a music tag is typed as. Only for a word that stands alone in its chunk: inside a group ("AC/DC")
// another spelling of one part says nothing about the whole.
//
//   feat       "ft." "featuring" -> feat, and all three -> with       "Vol." -> volume, "Pt." -> part, "vs." -> versus
//   remaster   "Remastered" -> remaster                               "n" -> and          "Guns N' Roses"
//   numbers    II to XXXIX and V -> 2 to 39 and 5                     "Rocky III" -> 3
//   g          "Livin'" -> living
//   umlauts    ä ö ü ø -> ae oe ue oe, å -> aa                        "Die Ärzte" -> aerzte
//   look-alike letters of other scripts inside a Latin word           "BΛSTILLE" -> bastille
//
// Rationale: both sides go through here. A track offers its other spellings as terms, a query takes any of its own; so
// each pair needs one direction only. I and X alone are words more often than numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace earshot::index {

/// A letter that a second spelling has after the first `at` bytes of the folded word.
struct Inserted {
  std::uint32_t at = 0;
  char letter = 0;
};

/// The letter that spells a mark out: the e of "ae" for ä. 0: none.
char spelled_out(char32_t code_point);

/// False for most ASCII words, by their first letter and their end alone.
constexpr bool may_have_other_spellings(std::string_view ascii, std::string_view after) {
  constexpr std::uint32_t kFirst = 1u << ('f' - 'a') | 1u << ('i' - 'a') | 1u << ('n' - 'a') | 1u << ('p' - 'a') |
                                   1u << ('r' - 'a') | 1u << ('v' - 'a') | 1u << ('x' - 'a');
  const auto first = static_cast<unsigned>(ascii.front() - 'a');
  return (first < 26 && (kFirst >> first & 1) != 0) || (!after.empty() && ascii.ends_with("in"));
}

/// Appends the other spellings of a folded word, each followed by a space; `after` is what follows it in its chunk.
void append_other_spellings(std::string_view word, std::string_view after, std::span<const Inserted> inserted,
                            std::string& spellings);

}  // namespace earshot::index
