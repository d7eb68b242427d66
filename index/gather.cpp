// One look-up, or the union of many.
#include "index/gather.h"

#include <algorithm>

#include "index/terms.h"

namespace earshot::index {

Result<WordInSegment> Gatherer::gather(const Word& word, WordTracks& tracks) {
  if (!is_of_many(word)) return gather_terms(word, tracks);
  const auto* prefix = std::get_if<Prefix>(&word);
  auto postings = prefix != nullptr ? gather_prefix(*prefix) : gather_near(std::get<Near>(word));
  if (!postings) return tl::unexpected(postings.error());
  if (part_.removed) std::erase_if(*postings, [&](const Posting& posting) { return part_.is_removed(posting.doc); });
  tracks.add(postings->size());
  return WordInSegment(std::move(*postings));
}

Result<WordInSegment> Gatherer::gather_terms(const Word& word, WordTracks& tracks) {
  std::vector<TermPostings> found;
  std::optional<Error> error;
  tracks.visit_terms([&](const std::string& text, std::int64_t& sum) {
    if (error) return;
    const auto one = term(text);
    if (!one) {
      error = one.error();
      return;
    }
    sum += one->size();
    found.push_back(*one);
  });
  if (error) return tl::unexpected(*error);
  const auto* compound = std::get_if<Compound>(&word);
  return compound == nullptr ? WordInSegment(found.front()) : WordInSegment(std::move(found), compound->spellings.size());
}

// No postings where no document has the term.
Result<TermPostings> Gatherer::term(std::string_view text) {
  const auto found = part_.segment->find(text);
  if (!found) return tl::unexpected(found.error());
  return found->value_or(TermPostings());
}

Result<Postings> Gatherer::whole(const TermPostings& term) {
  Postings postings = read_all(term.cursor());
  if (postings.size() != term.size()) return part_.segment->damaged("postings");
  return postings;
}

Result<Postings> Gatherer::gather_prefix(const Prefix& prefix) {
  Postings all;
  const auto scanned = part_.segment->scan(prefix.text, [&](std::string_view, const TermPostings& term) -> Result<bool> {
    const auto postings = whole(term);
    if (!postings) return tl::unexpected(postings.error());
    all.insert(all.end(), postings->begin(), postings->end());
    return may_go_on();
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return merged(std::move(all));
}

Result<Postings> Gatherer::gather_near(const Near& near) {
  Postings all;
  const auto scanned =
      part_.segment->visit_near(near.text, near.edits, [&](unsigned distance, const TermPostings& term) -> Result<bool> {
        auto postings = whole(term);
        if (!postings) return tl::unexpected(postings.error());
        for (Posting& posting : *postings) posting.count = count_after_edits(posting.count, distance);
        all.insert(all.end(), postings->begin(), postings->end());
        return may_go_on();
      });
  if (!scanned) return tl::unexpected(scanned.error());
  return merged(std::move(all));
}

// Sorted by document, counts added up.
Postings Gatherer::merged(Postings all) const {
  constexpr std::size_t kDense = 32;  // where counting in a table of all documents beats sorting
  if (all.size() <= part_.segment->docs() / kDense) {
    merge_duplicates(all);
    return all;
  }
  std::vector<std::uint8_t> counts(part_.segment->docs());
  for (const Posting& posting : all) {
    counts[posting.doc] = static_cast<std::uint8_t>(std::min(unsigned{counts[posting.doc]} + posting.count, kMaxCount));
  }
  Postings found;
  found.reserve(all.size());
  for (Doc doc = 0; doc < counts.size(); ++doc) {
    if (counts[doc] > 0) found.push_back({doc, counts[doc]});
  }
  return found;
}

bool Gatherer::may_go_on() {
  constexpr std::size_t kClockEvery = 16;
  stopped_early_ = stopped_early_ || (visited_++ % kClockEvery == 0 && budget_.is_half_spent());
  return !stopped_early_;
}

}  // namespace earshot::index
