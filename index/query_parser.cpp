// Chunks of a search text, token groups of a chunk, words of the query.
#include "index/query_parser.h"

#include <algorithm>

#include "schema/limits.h"

namespace earshot::index {

namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r";
constexpr std::string_view kWideSpace = "\u3000";
constexpr std::string_view kStar = "*";
constexpr std::string_view kWideStar = "\uFF0A";

struct Chunk {
  std::string_view text;
  bool is_prefix;
};

std::size_t chunk_end(std::string_view text) {
  return std::min({text.find_first_of(kWhiteSpace), text.find(kWideSpace), text.size()});
}

Chunk chunk_of(std::string_view text) {
  for (const std::string_view star : {kStar, kWideStar}) {
    if (text.ends_with(star)) return {text.substr(0, text.size() - star.size()), true};
  }
  return {text, false};
}

void add(Query& query, Word word) {
  if (std::find(query.words.begin(), query.words.end(), word) == query.words.end()) query.words.push_back(std::move(word));
}

// The words of one token group, tokens [first, last).
void add_group(Query& query, const Tokens& tokens, std::size_t first, std::size_t last, bool is_prefix) {
  Compound compound;
  for (std::size_t i = first; i < last; ++i) {
    const Token token = tokens[i];
    std::string term(token.term);
    switch (token.kind) {
      case TokenKind::kWord: compound.parts.push_back(std::move(term)); break;
      case TokenKind::kJoined:
      case TokenKind::kLeet: compound.spellings.push_back(std::move(term)); break;
      case TokenKind::kBigram:
      case TokenKind::kSymbols: add(query, Term{std::move(term)}); break;
      case TokenKind::kSingle: add(query, Prefix{std::move(term)}); break;
      case TokenKind::kTail: break;
    }
  }
  if (compound.parts.empty()) return;
  if (is_prefix) {
    // The end is not typed yet, so the joined spelling is unknown: the words must match, the last by its beginning.
    for (std::size_t i = 0; i + 1 < compound.parts.size(); ++i) add(query, Term{compound.parts[i]});
    add(query, Prefix{compound.parts.back()});
  } else if (compound.spellings.empty()) {
    add(query, Term{std::move(compound.parts[0])});
  } else {
    add(query, std::move(compound));
  }
}

void add_tokens(Query& query, const Tokens& tokens, bool is_prefix) {
  for (std::size_t first = 0; first < tokens.size();) {
    std::size_t last = first + 1;
    while (last < tokens.size() && tokens[last].group == tokens[first].group) ++last;
    add_group(query, tokens, first, last, is_prefix && last == tokens.size());
    first = last;
  }
}

bool is_symbols_only(const Tokens& tokens) { return !tokens.empty() && tokens[0].kind == TokenKind::kSymbols; }

Result<Query> checked(Query query) {
  if (query.words.empty()) return fail(ErrorCode::kInvalid, "the search text has no word: type a few words of a title");
  return query;
}

}  // namespace

Result<Query> parse_query(std::string_view text, const Tokenizer& tokenizer) {
  if (text.size() > limits::kMaxQueryText) {
    return fail(ErrorCode::kInvalid, "the search text has {} bytes, more than {}", text.size(), limits::kMaxQueryText);
  }
  Query query;
  Tokens tokens;
  tokenizer.append(text, tokens);
  if (is_symbols_only(tokens)) {
    // "***" is a name, not a prefix.
    add_tokens(query, tokens, /*is_prefix=*/false);
    return checked(std::move(query));
  }
  while (!text.empty()) {
    const std::size_t end = chunk_end(text);
    const Chunk chunk = chunk_of(text.substr(0, end));
    tokens.clear();
    tokenizer.append(chunk.text, tokens);
    if (!is_symbols_only(tokens)) add_tokens(query, tokens, chunk.is_prefix);
    if (end == text.size()) break;
    text.remove_prefix(end + (text.substr(end).starts_with(kWideSpace) ? kWideSpace.size() : 1));
  }
  return checked(std::move(query));
}

}  // namespace earshot::index
