// Sorting by document, by comparing or by counting.
#include "index/live_terms.h"

#include <algorithm>

namespace earshot::index {

void sort_by_doc(std::span<Posting> postings, std::vector<std::uint8_t>& counts) {
  constexpr std::size_t kDense = 16;  // of the documents one in so many: a walk over all beats comparing
  if (postings.size() * kDense < counts.size()) {
    std::sort(postings.begin(), postings.end(), [](const Posting& a, const Posting& b) { return a.doc < b.doc; });
    return;
  }
  for (const Posting& posting : postings) counts[posting.doc] = posting.count;
  std::size_t at = 0;
  for (Doc doc = 0; at < postings.size(); ++doc) {
    if (counts[doc] == 0) continue;
    postings[at++] = {doc, counts[doc]};
    counts[doc] = 0;
  }
}

void LiveTerms::add(std::string_view text, const Postings& postings) {
  terms_.push_back({texts_.size(), text.size(), postings_.size(), postings.size()});
  texts_ += text;
  postings_.insert(postings_.end(), postings.begin(), postings.end());
}

void LiveTerms::renumber(const std::vector<Doc>& new_docs, std::uint32_t docs) {
  for (Posting& posting : postings_) posting.doc = new_docs[posting.doc];
  std::vector<std::uint8_t> counts(docs);
  for (const Term& term : terms_) sort_by_doc(std::span(postings_).subspan(term.first, term.count), counts);
  std::sort(terms_.begin(), terms_.end(), [&](const Term& a, const Term& b) { return text_of(a) < text_of(b); });
}

}  // namespace earshot::index
