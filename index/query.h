// A search, as it is meant: the typed form of a search text, made once and evaluated wherever tracks are.
// Not for: how it is typed (index/query_parser.h) or how its tracks are found (index/searcher.h).
//
// A track answers when `root` holds for it. What it is worth is the sum of what its words are worth, over those words
// that do not stand under a Not; all other nodes only say yes or no. A number that a track does not tell (0) lies in no
// range.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schema/track.h"

namespace earshot::index {

/// Tracks that hold this term. A quoted one is never taken for a slip of the pen.
struct Term {
  std::string text;
  bool is_quoted = false;
  auto operator<=>(const Term&) const = default;
};

/// Tracks that hold any term that begins so.
struct Prefix {
  std::string text;
  auto operator<=>(const Prefix&) const = default;
};

/// Tracks that hold any of the spellings, or all of the parts: "ac/dc" is acdc, or ac and dc.
struct Compound {
  std::vector<std::string> spellings;
  std::vector<std::string> parts;
  auto operator<=>(const Compound&) const = default;
};

/// Tracks that hold any term within some edits of this one (index/edits.h). A term counts as often as it stands there,
/// halved for each edit, but once at least.
struct Near {
  std::string text;
  unsigned edits = 1;
  auto operator<=>(const Near&) const = default;
};

using Word = std::variant<Term, Prefix, Compound, Near>;

/// Its postings are made of those of many terms.
inline bool is_of_many(const Word& word) { return std::holds_alternative<Prefix>(word) || std::holds_alternative<Near>(word); }

enum class Field : std::uint8_t { kTitle, kArtist, kAlbum, kGenre, kPublisher };

/// Terms side by side; of an open one, the last is only a beginning.
struct Run {
  std::vector<std::string> terms;
  bool is_open = false;
  bool operator==(const Run&) const = default;
};

/// Any of the runs stands in this field, or in any one field.
struct InText {
  std::optional<Field> field;
  std::vector<Run> runs;
};

enum class Number : std::uint8_t { kYear, kSeconds, kKbps };

struct InRange {
  Number number = Number::kYear;
  std::uint32_t least = 0;
  std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
};

struct OfCodec {
  Codec codec = Codec::kUnknown;
};

struct OfKind {
  Kind kind = Kind::kTrack;
};

/// In small letters; of a prefix, any licence that begins so.
struct OfLicence {
  std::string text;
  bool is_prefix = false;
};

/// One of Query::words, by number.
struct HasWord {
  std::size_t word = 0;
};

struct Node;
struct AllOf {
  std::vector<Node> nodes;
};
struct AnyOf {
  std::vector<Node> nodes;
};
/// REQUIRES: one node.
struct Not {
  std::vector<Node> nodes;
};

struct Node {
  std::variant<HasWord, InRange, OfCodec, OfKind, OfLicence, InText, AllOf, AnyOf, Not> what;
};

/// At most 256 words, since a text has limits::kMaxQueryText bytes; a pasted title of 60 words is a fair question.
struct Query {
  std::vector<Word> words;  // distinct, in the order typed
  AllOf root;               // never empty, and not of Nots alone

};

/// One line that says all of it, as in `all(so what in:artist(miles davis) year=1959..1965 not(live))`.
std::string to_string(const Query& query);

}  // namespace earshot::index
