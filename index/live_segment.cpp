// Postings in memory.
#include "index/live_segment.h"

#include "index/edits.h"
#include "schema/check.h"

namespace earshot::index {

void LiveSegment::add(std::shared_ptr<const Track> track, std::span<const TrackTerms::Term> terms,
                      std::uint8_t length) {
  const auto doc = static_cast<Doc>(entries_.size());
  EARSHOT_CHECK(!doc_of(track->content));
  docs_.insert(track->content, doc);
  entries_.push_back({std::move(track), length});
  for (const TrackTerms::Term& term : terms) postings_.of(term.text, term.hash).push_back({doc, term.count});
}

void LiveSegment::remove(const ContentId& content, std::span<const TrackTerms::Term> terms) {
  const auto doc = doc_of(content);
  EARSHOT_CHECK(doc);
  for (const TrackTerms::Term& term : terms) EARSHOT_CHECK(erase(postings_.of(term.text, term.hash), *doc));
  docs_.erase(content, [&](Doc other) { return other == *doc; });
  entries_[*doc].track.reset();
}

std::optional<Doc> LiveSegment::doc_of(const ContentId& content) const {
  return docs_.find(content, [&](Doc doc) { return is_at(doc, content); });
}

bool LiveSegment::is_at(Doc doc, const ContentId& content) const {
  return entries_[doc].track && entries_[doc].track->content == content;
}

Postings LiveSegment::find(const Word& word) const {
  if (const auto* term = std::get_if<Term>(&word)) return find_term(term->text);
  if (const auto* prefix = std::get_if<Prefix>(&word)) return find_prefix(prefix->text);
  if (const auto* near = std::get_if<Near>(&word)) return find_near(*near);
  return find_compound(std::get<Compound>(word));
}

Postings LiveSegment::find_term(std::string_view term) const {
  const Postings* postings = postings_.find(term, TermHash()(term));
  return postings == nullptr ? Postings() : *postings;
}

// The table has no order, so all terms are looked at: 1 ms when the segment is full.
Postings LiveSegment::find_prefix(std::string_view prefix) const {
  Postings found;
  visit_terms([&](std::string_view term, const Postings& postings) {
    if (term.starts_with(prefix)) found.insert(found.end(), postings.begin(), postings.end());
  });
  merge_duplicates(found);
  return found;
}

// All terms again, 3 ms when the segment is full.
Postings LiveSegment::find_near(const Near& near) const {
  Postings found;
  Edits edits(near.text, near.edits);
  visit_terms([&](std::string_view term, const Postings& postings) {
    const auto distance = edits.from(term);
    if (!distance) return;
    for (const Posting& posting : postings) {
      found.push_back({posting.doc, count_after_edits(posting.count, *distance)});
    }
  });
  merge_duplicates(found);
  return found;
}

Postings LiveSegment::find_compound(const Compound& compound) const {
  Postings found = find_term(compound.parts[0]);
  for (std::size_t i = 1; i < compound.parts.size(); ++i) found = intersected(found, find_term(compound.parts[i]));
  for (const std::string& spelling : compound.spellings) found = united(found, find_term(spelling));
  return found;
}

std::size_t LiveSegment::tracks_with(std::string_view term) const {
  const Postings* postings = postings_.find(term, TermHash()(term));
  return postings == nullptr ? 0 : postings->size();
}

void LiveSegment::count_terms(DistinctTerms& distinct) const {
  visit_terms([&](std::string_view term, const Postings&) { distinct.add(term); });
}

}  // namespace earshot::index
