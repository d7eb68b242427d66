// The query's tree over the track's own tokens.
#include "index/rematch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "index/edits.h"
#include "index/holds.h"
#include "index/query_parser.h"
#include "schema/search.h"

namespace earshot::index {

Query with_slips(Query query) {
  for (Word& word : query.words) {
    const auto* const term = std::get_if<Term>(&word);
    if (term == nullptr || term->is_quoted) continue;
    if (const unsigned edits = allowed_edits(term->text); edits > 0) word = Near{std::string(term->text), edits};
  }
  return query;
}

Rematch::Rematch(std::string_view question)
    : content_(content_asked(question)), text_match_(tokenizer_), exact_(parse_query(question, tokenizer_)) {
  if (exact_) near_ = with_slips(*exact_);
}

bool Rematch::holds(const Track& track) {
  if (content_) return track.content == *content_;
  if (!exact_) return false;
  tokens_.clear();
  for (const std::string_view text : texts_of(track)) {
    tokenizer_.append(text, tokens_);
    for (const std::string& spelling : tokenizer_.latin_spellings(text)) tokenizer_.append(spelling, tokens_);
  }
  return holds(*exact_, track) || holds(near_, track);
}

bool Rematch::holds(const Query& query, const Track& track) {
  const auto has_word = [&](std::size_t number) { return has(query.words[number]); };
  const auto in_text = [&](const InText& text) { return text_match_.holds(text, texts_of(track)); };
  TrackFacts facts(track, has_word, in_text);
  return NodeHolds<decltype(facts)>{facts}(query.root);
}

bool Rematch::has(const Word& word) const {
  const auto any = [this](const auto& fits) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (fits(tokens_[i].term)) return true;
    }
    return false;
  };
  if (const auto* const term = std::get_if<Term>(&word)) return has_term(term->text);
  if (const auto* const prefix = std::get_if<Prefix>(&word)) {
    return any([&](std::string_view term) { return term.starts_with(prefix->text); });
  }
  if (const auto* const near = std::get_if<Near>(&word)) {
    Edits edits(near->text, near->edits);
    return any([&](std::string_view term) { return edits.from(term).has_value(); });
  }
  const auto& compound = std::get<Compound>(word);
  const auto is_there = [this](const std::string& term) { return has_term(term); };
  return std::any_of(compound.spellings.begin(), compound.spellings.end(), is_there) ||
         std::all_of(compound.parts.begin(), compound.parts.end(), is_there);
}

bool Rematch::has_term(std::string_view term) const {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].term == term) return true;
  }
  return false;
}

}  // namespace earshot::index
