// A hand-written descent over items; columns are counted only for errors.
#include "index/query_parser.h"

#include <algorithm>
#include <array>
#include <string>

#include "index/fold.h"
#include "index/query_filters.h"
#include "schema/bytes.h"
#include "schema/limits.h"

namespace earshot::index {

namespace {

constexpr std::string_view kWideSpace = "\u3000";
constexpr std::string_view kStar = "*";
constexpr std::string_view kWideStar = "\uFF0A";
constexpr std::string_view kOr = "OR";

// Groups in groups. Deeper ones are text, nobody means them.
constexpr std::size_t kMaxDepth = 16;

bool is_symbols_only(const Tokens& tokens) {
  return !tokens.empty() && tokens[0].kind == TokenKind::kSymbols;
}

class Parser {
 public:
  Parser(std::string_view text, const Tokenizer& tokenizer) : text_(text), tokenizer_(tokenizer) {}

  Result<Query> parse() {
    tokenizer_.append(text_, tokens_);
    if (is_symbols_only(tokens_)) {
      // "***" is a name, not a prefix, and "()" an album.
      add_words(query_.root.nodes, /*is_prefix=*/false, /*is_quoted=*/false);
      return std::move(query_);
    }
    auto node = any(text_.size());
    if (!node) return tl::unexpected(node.error());
    flatten(std::move(*node), query_.root.nodes);
    if (query_.root.nodes.empty()) {
      return fail(ErrorCode::kInvalid, "the search text has no word: type a few words of a title");
    }
    return std::move(query_);
  }

 private:
  template <class... Parts>
  tl::unexpected<Error> wrong(std::size_t at, fmt::format_string<Parts...> form, Parts&&... parts) const {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) column += (text_[i] & 0xC0) != 0x80;
    return fail(ErrorCode::kInvalid, "column {}: {}", column, fmt::format(form, std::forward<Parts>(parts)...));
  }

  std::string_view rest() const { return text_.substr(at_); }
  bool is_space_at(std::size_t at) const {
    return is_white(text_[at]) || text_.substr(at).starts_with(kWideSpace);
  }

  void skip_white(std::size_t end) {
    while (at_ < end && is_space_at(at_)) at_ += is_white(text_[at_]) ? 1 : kWideSpace.size();
  }

  std::size_t chunk_end(std::size_t end) const {
    std::size_t at = at_;
    while (at < end && !is_space_at(at)) ++at;
    return at;
  }

  // OR, when something stands before it (the caller knows) and behind it.
  bool take_or(std::size_t end) {
    const std::size_t before = at_;
    skip_white(end);
    if (text_.substr(at_, chunk_end(end) - at_) == kOr) {
      at_ += kOr.size();
      skip_white(end);
      if (at_ < end) return true;
    }
    at_ = before;
    return false;
  }

  // What lies between the position and `end`, which it leaves at `end`.
  Result<Node> any(std::size_t end) {
    std::vector<Node> nodes;
    do {
      auto node = all(end);
      if (!node) return node;
      auto& parts = std::get<AllOf>(node->what).nodes;
      if (!parts.empty()) nodes.push_back(parts.size() == 1 ? std::move(parts[0]) : std::move(*node));
    } while (take_or(end));
    if (nodes.size() == 1) return std::move(nodes[0]);
    return nodes.empty() ? Node{AllOf{}} : Node{AnyOf{std::move(nodes)}};
  }

  Result<Node> all(std::size_t end) {
    AllOf all;
    while (true) {
      skip_white(end);
      if (at_ >= end) break;
      if (!all.nodes.empty()) {
        const std::size_t before = at_;
        const bool is_or = take_or(end);
        at_ = before;
        if (is_or) break;
      }
      if (auto done = item(all.nodes, end); !done) return tl::unexpected(done.error());
    }
    return Node{std::move(all)};
  }

  // Something is left out of what stands before. A dash that another one closes, as in "Song -live mix-", is text, and so
  // is one without a space before it, as in "\"Gold Coast\"-Chill Beat".
  bool is_exclusion(const std::vector<Node>& before, std::size_t end) const {
    if (at_ > 0 && !is_white(text_[at_ - 1]) && !text_.substr(0, at_).ends_with(kWideSpace)) return false;
    if (before.empty() || text_[at_] != '-' || chunk_end(end) < at_ + 2 || text_[at_ + 1] == '-') return false;
    for (std::size_t i = at_ + 1; i < end; ++i) {
      if (text_[i] == '-' && (i + 1 == end || is_space_at(i + 1)) && !is_white(text_[i - 1])) return false;
    }
    return true;
  }

  Result<void> item(std::vector<Node>& nodes, std::size_t end) {
    if (!is_exclusion(nodes, end)) return primary(nodes, end);
    ++at_;
    std::vector<Node> excluded;
    if (auto done = primary(excluded, end); !done) return done;
    if (excluded.empty()) return {};
    Not none;
    none.nodes.push_back(excluded.size() == 1 ? std::move(excluded[0]) : Node{AllOf{std::move(excluded)}});
    nodes.push_back(Node{std::move(none)});
    return {};
  }

  Result<void> primary(std::vector<Node>& nodes, std::size_t end) {
    if (const auto close = group_end(end)) return group(nodes, *close);
    if (const auto close = phrase_end(at_, end)) return phrase(nodes, *close, std::nullopt);
    const std::string_view chunk = text_.substr(at_, chunk_end(end) - at_);
    const std::size_t colon = chunk.find(':');
    if (colon != std::string_view::npos && colon > 0) {
      const std::string_view name = chunk.substr(0, colon);
      if (const auto field = field_named(name)) return in_field(nodes, *field, colon + 1, end);
      if (is_filter(name)) return filter(nodes, name, chunk.substr(colon + 1), chunk.size());
    }
    return words(nodes, chunk, std::nullopt);
  }

  // Where the group that opens at the position closes; nothing when it is none.
  std::optional<std::size_t> group_end(std::size_t end) const {
    if (text_[at_] != '(' || depth_ == kMaxDepth) return std::nullopt;
    std::size_t open = 0;
    for (std::size_t i = at_; i < end; ++i) {
      if (text_[i] == '(') ++open;
      if (text_[i] == ')' && --open == 0) return i;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> phrase_end(std::size_t begin, std::size_t end) const {
    if (begin >= end || text_[begin] != '"') return std::nullopt;
    const std::size_t close = text_.find('"', begin + 1);
    return close < end ? std::optional(close) : std::nullopt;
  }

  Result<void> group(std::vector<Node>& nodes, std::size_t close) {
    ++at_;
    ++depth_;
    auto inner = any(close);
    --depth_;
    if (!inner) return tl::unexpected(inner.error());
    at_ = close + 1;
    flatten(std::move(*inner), nodes);
    return {};
  }

  Result<void> phrase(std::vector<Node>& nodes, std::size_t close, std::optional<Field> field) {
    tokens_.clear();
    tokenizer_.append(text_.substr(at_ + 1, close - at_ - 1), tokens_);
    at_ = close + 1;
    if (tokens_.empty()) return {};
    add_words(nodes, /*is_prefix=*/false, /*is_quoted=*/true);
    InText text{field, {Run{}}};
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_extra(tokens_[i].kind)) text.runs[0].terms.emplace_back(tokens_[i].term);
      text.runs[0].is_open = tokens_[i].kind == TokenKind::kSingle;
    }
    if (field || text.runs[0].terms.size() > 1) nodes.push_back(Node{std::move(text)});
    return {};
  }

  Result<void> in_field(std::vector<Node>& nodes, Field field, std::size_t name_size, std::size_t end) {
    const std::size_t start = at_;
    at_ += name_size;
    const std::size_t before = nodes.size();
    if (const auto close = phrase_end(at_, end)) {
      if (auto done = phrase(nodes, *close, field); !done) return done;
    } else if (auto done = words(nodes, text_.substr(at_, chunk_end(end) - at_), field); !done) {
      return done;
    }
    if (nodes.size() > before) return {};
    const std::string_view name = text_.substr(start, name_size);
    return wrong(start, "{} needs its word right behind it: {}miles or {}\"miles davis\"", name, name, name);
  }

  Result<void> filter(std::vector<Node>& nodes, std::string_view name, std::string_view value, std::size_t size) {
    const std::size_t start = at_;
    at_ += size;
    auto node = parse_filter(name, value);
    if (!node) return wrong(start, "{}", node.error().what);
    nodes.push_back(std::move(*node));
    return {};
  }

  // The words of one chunk, which the position leaves.
  Result<void> words(std::vector<Node>& nodes, std::string_view chunk, std::optional<Field> field) {
    at_ += chunk.size();
    bool is_prefix = false;
    for (const std::string_view star : {kStar, kWideStar}) {
      if (is_prefix || !chunk.ends_with(star)) continue;
      chunk.remove_suffix(star.size());
      is_prefix = true;
    }
    tokens_.clear();
    tokenizer_.append(chunk, tokens_);
    // Signs between words say nothing, unless a field is asked for them.
    if (tokens_.empty() || (is_symbols_only(tokens_) && !field)) return {};
    add_words(nodes, is_prefix, /*is_quoted=*/false);
    if (field) nodes.push_back(Node{InText{field, runs(is_prefix)}});
    return {};
  }

  // How a chunk may stand in a field: word by word, or in any of its joined spellings.
  std::vector<Run> runs(bool is_prefix) const {
    std::vector<Run> runs(1);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const Token token = tokens_[i];
      if (!is_extra(token.kind)) runs[0].terms.emplace_back(token.term);
      runs[0].is_open = is_prefix || token.kind == TokenKind::kSingle;
      const bool is_spelling = token.kind == TokenKind::kJoined || token.kind == TokenKind::kLeet;
      if (is_spelling && !is_prefix) runs.push_back(Run{{std::string(token.term)}, false});
    }
    return runs;
  }

  void add_words(std::vector<Node>& nodes, bool is_prefix, bool is_quoted) {
    for (std::size_t first = 0; first < tokens_.size();) {
      std::size_t last = first + 1;
      while (last < tokens_.size() && tokens_[last].group == tokens_[first].group) ++last;
      add_token_group(nodes, first, last, is_prefix && last == tokens_.size(), is_quoted);
      first = last;
    }
  }

  // The words of one token group, tokens [first, last).
  void add_token_group(std::vector<Node>& nodes, std::size_t first, std::size_t last, bool is_prefix, bool is_quoted) {
    Compound compound;
    for (std::size_t i = first; i < last; ++i) {
      const Token token = tokens_[i];
      std::string term(token.term);
      switch (token.kind) {
        case TokenKind::kWord: compound.parts.push_back(std::move(term)); break;
        case TokenKind::kJoined:
        case TokenKind::kLeet: compound.spellings.push_back(std::move(term)); break;
        case TokenKind::kBigram:
        case TokenKind::kSymbols: add(nodes, Term{std::move(term), /*is_quoted=*/true}); break;
        case TokenKind::kSingle: add(nodes, Prefix{std::move(term)}); break;
        case TokenKind::kTail: break;
      }
    }
    if (compound.parts.empty()) return;
    if (is_prefix) {
      // The end is not typed yet, so the joined spelling is unknown: the words must match, the last by its beginning.
      for (std::size_t i = 0; i + 1 < compound.parts.size(); ++i) add(nodes, Term{compound.parts[i], is_quoted});
      add(nodes, Prefix{compound.parts.back()});
    } else if (compound.spellings.empty()) {
      add(nodes, Term{std::move(compound.parts[0]), is_quoted});
    } else {
      add(nodes, std::move(compound));
    }
  }

  void add(std::vector<Node>& nodes, Word word) {
    auto& words = query_.words;
    const auto number = static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
    if (number == words.size()) words.push_back(std::move(word));
    const bool is_there = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
      const auto* known = std::get_if<HasWord>(&node.what);
      return known != nullptr && known->word == number;
    });
    if (!is_there) nodes.push_back(Node{HasWord{number}});
  }

  // All of all is all.
  static void flatten(Node node, std::vector<Node>& into) {
    if (auto* all = std::get_if<AllOf>(&node.what)) {
      for (Node& part : all->nodes) into.push_back(std::move(part));
    } else {
      into.push_back(std::move(node));
    }
  }

  const std::string_view text_;
  const Tokenizer& tokenizer_;
  Tokens tokens_;
  Query query_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Result<Query> parse_query(std::string_view text, const Tokenizer& tokenizer) {
  if (text.size() > limits::kMaxQueryText) {
    return fail(ErrorCode::kInvalid, "the search text has {} bytes, more than {}", text.size(), limits::kMaxQueryText);
  }
  return Parser(text, tokenizer).parse();
}

}  // namespace earshot::index
