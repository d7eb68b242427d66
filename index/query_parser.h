// A search text into a typed query: words that must all match.
//
// Grammar: query := chunk (space chunk)* ; chunk := text ['*'] ; every chunk goes through the tokenizer, so a query is cut
// exactly as the tracks were. A group of words ("ac/dc") is one word of the query with several spellings.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "index/tokenizer.h"
#include "schema/result.h"

namespace earshot::index {

/// Tracks that hold this term.
struct Term {
  std::string text;
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

using Word = std::variant<Term, Prefix, Compound>;

/// All words must match; distinct, in the order typed, never empty. At most 256, since a text has limits::kMaxQueryText
/// bytes; a pasted title of 60 words is a fair question.
struct Query {
  std::vector<Word> words;
};

/// Errors: kInvalid for a text without any word or that is too long.
Result<Query> parse_query(std::string_view text, const Tokenizer& tokenizer);

}  // namespace earshot::index
