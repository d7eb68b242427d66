// Terms hashed, and a query's tree read for what it cannot do without.
#include "index/digest_keys.h"

#include <algorithm>
#include <string>
#include <utility>

#include "index/query.h"
#include "index/query_parser.h"
#include "index/terms.h"
#include "schema/digest.h"
#include "schema/search.h"

namespace earshot::index {

namespace {

/// No key is needed: as good as knowing nothing.
DigestNeeds anything() { return {{}}; }

void tidy(std::vector<DigestKey>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

DigestNeeds either(DigestNeeds a, const DigestNeeds& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a.size() <= kMaxNeeds ? a : anything();
}

/// Both, in every combination; when these are too many, what asks for more at once.
DigestNeeds both(const DigestNeeds& a, const DigestNeeds& b) {
  if (a.size() * b.size() > kMaxNeeds) return a.size() <= b.size() ? a : b;
  DigestNeeds all;
  for (const auto& left : a) {
    for (const auto& right : b) {
      all.push_back(left);
      all.back().insert(all.back().end(), right.begin(), right.end());
    }
  }
  return all;
}

DigestNeeds word(std::string_view text) { return {{digest_key_of_word(text)}}; }

DigestNeeds words(std::span<const std::string> texts) {
  DigestNeeds needs = anything();
  for (const std::string& text : texts) needs[0].push_back(digest_key_of_word(text));
  return needs;
}

/// What a node of a query needs; `words` are the query's.
class Reader {
 public:
  explicit Reader(const Query& query) : query_(query) {}

  DigestNeeds operator()(const HasWord& has) const { return std::visit(*this, query_.words[has.word]); }
  DigestNeeds operator()(const Term& term) const { return word(term.text); }
  DigestNeeds operator()(const Compound& compound) const {
    DigestNeeds needs = words(compound.parts);
    if (compound.parts.empty()) needs.clear();
    for (const std::string& spelling : compound.spellings) needs = either(std::move(needs), word(spelling));
    return needs.empty() ? anything() : needs;
  }
  DigestNeeds operator()(const InText& text) const {
    DigestNeeds needs;
    for (const Run& run : text.runs) {
      const std::size_t whole = run.terms.size() - (run.is_open ? 1 : 0);
      needs = either(std::move(needs), words(std::span(run.terms).first(whole)));
    }
    return needs.empty() ? anything() : needs;
  }
  DigestNeeds operator()(const AllOf& all) const {
    DigestNeeds needs = anything();
    for (const Node& node : all.nodes) needs = both(needs, std::visit(*this, node.what));
    return needs;
  }
  DigestNeeds operator()(const AnyOf& any) const {
    DigestNeeds needs;
    for (const Node& node : any.nodes) needs = either(std::move(needs), std::visit(*this, node.what));
    return needs.empty() ? anything() : needs;
  }
  DigestNeeds operator()(const Prefix&) const { return anything(); }
  DigestNeeds operator()(const Near&) const { return anything(); }
  DigestNeeds operator()(const Not&) const { return anything(); }
  DigestNeeds operator()(const InRange&) const { return anything(); }
  DigestNeeds operator()(const OfCodec&) const { return anything(); }
  DigestNeeds operator()(const OfKind&) const { return anything(); }
  DigestNeeds operator()(const OfLicence&) const { return anything(); }

 private:
  const Query& query_;
};

/// A text as its words in a row, for pairs.
std::string folded(const Tokenizer& tokenizer, std::string_view text) {
  Tokens tokens;
  tokenizer.append(text, tokens);
  std::string words;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_extra(tokens[i].kind)) continue;
    if (!words.empty()) words += ' ';
    words += tokens[i].term;
  }
  return words;
}

/// What is only described has nothing to fetch: nobody asks who holds it, and imported tables have millions of such rows.
bool is_told(const ContentId& content) { return content.scheme != Scheme::kDescribed; }

}  // namespace

bool may_answer(const DigestNeeds& needs, std::span<const DigestKey> keys) {
  return std::any_of(needs.begin(), needs.end(), [&](const std::vector<DigestKey>& all) {
    return std::all_of(all.begin(), all.end(),
                       [&](DigestKey key) { return std::binary_search(keys.begin(), keys.end(), key); });
  });
}

DigestKeys::DigestKeys(bool transliterates)
    : tokenizer_(std::make_unique<const Tokenizer>(transliterates ? Transliterator::instance() : nullptr)) {}
DigestKeys::~DigestKeys() = default;

std::vector<DigestKey> DigestKeys::of(const Track& track) const {
  TrackTerms terms(*tokenizer_);
  terms.read(track);
  std::vector<DigestKey> keys;
  for (const TrackTerms::Term& term : terms.terms()) keys.push_back(digest_key_of_word(term.text));
  // The id says more than the pair, and takes its place: what can be fetched costs the network as many keys as ever.
  if (is_told(track.content)) {
    keys.push_back(digest_key_of_content(track.content));
  } else if (!track.artist.empty() && !track.title.empty()) {
    keys.push_back(digest_key_of_pair(folded(*tokenizer_, track.artist), folded(*tokenizer_, track.title)));
  }
  tidy(keys);
  return keys;
}

DigestNeeds DigestKeys::asked_by(std::string_view text) const {
  if (const auto content = content_asked(text)) {
    return is_told(*content) ? DigestNeeds{{digest_key_of_content(*content)}} : DigestNeeds{};
  }
  const auto query = parse_query(text, *tokenizer_);
  if (!query) return {};
  DigestNeeds needs = Reader(*query)(query->root);
  for (auto& keys : needs) tidy(keys);
  const bool narrows = std::none_of(needs.begin(), needs.end(), [](const auto& keys) { return keys.empty(); });
  return narrows ? needs : DigestNeeds{};
}

}  // namespace earshot::index
