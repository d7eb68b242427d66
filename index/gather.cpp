// One look-up, or the union of many.
#include "index/gather.h"

#include <algorithm>

#include "index/terms.h"

namespace earshot::index {

Result<WordInSegment> Gatherer::gather(const Word& word) {
  if (const auto* term = std::get_if<Term>(&word)) return gather_term(term->text);
  auto postings = [&]() -> Result<Postings> {
    if (const auto* prefix = std::get_if<Prefix>(&word)) return gather_prefix(*prefix);
    if (const auto* near = std::get_if<Near>(&word)) return gather_near(*near);
    return gather_compound(std::get<Compound>(word));
  }();
  if (!postings) return tl::unexpected(postings.error());
  if (part_.removed) std::erase_if(*postings, [&](const Posting& posting) { return part_.is_removed(posting.doc); });
  return WordInSegment(std::move(*postings));
}

Result<WordInSegment> Gatherer::gather_term(std::string_view text) {
  auto term = part_.segment->find(text);
  if (!term) return tl::unexpected(term.error());
  return *term ? WordInSegment(**term) : WordInSegment();
}

Result<Postings> Gatherer::postings_of(std::string_view text) {
  const auto term = part_.segment->find(text);
  if (!term) return tl::unexpected(term.error());
  return *term ? whole(**term) : Result<Postings>(Postings());
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

Result<Postings> Gatherer::gather_compound(const Compound& compound) {
  auto found = postings_of(compound.parts[0]);
  const auto combine = [&](std::string_view text, Postings (*combination)(const Postings&, const Postings&)) {
    const auto more = postings_of(text);
    found = more ? Result<Postings>(combination(*found, *more)) : Result<Postings>(tl::unexpected(more.error()));
  };
  for (std::size_t i = 1; i < compound.parts.size() && found; ++i) combine(compound.parts[i], &intersected);
  for (std::size_t i = 0; i < compound.spellings.size() && found; ++i) combine(compound.spellings[i], &united);
  return found;
}

bool Gatherer::may_go_on() {
  constexpr std::size_t kClockEvery = 16;
  stopped_early_ = stopped_early_ || (visited_++ % kClockEvery == 0 && budget_.is_half_spent());
  return !stopped_early_;
}

}  // namespace earshot::index
