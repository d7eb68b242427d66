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
  for (const TrackTerms::Term& term : terms) {
    auto at = postings_.find(term.text);
    if (at == postings_.end()) at = postings_.emplace(std::string(term.text), Postings()).first;
    at->second.push_back({doc, term.count});
  }
}

void LiveSegment::remove(const ContentId& content, std::span<const TrackTerms::Term> terms) {
  const auto doc = doc_of(content);
  EARSHOT_CHECK(doc);
  for (const TrackTerms::Term& term : terms) {
    const auto at = postings_.find(term.text);
    EARSHOT_CHECK(at != postings_.end() && erase(at->second, *doc));
    if (at->second.empty()) postings_.erase(at);
  }
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
  const auto at = postings_.find(term);
  return at == postings_.end() ? Postings() : at->second;
}

// The table has no order, so all terms are looked at: 1 ms when the segment is full.
Postings LiveSegment::find_prefix(std::string_view prefix) const {
  Postings found;
  for (const auto& [term, postings] : postings_) {
    if (term.starts_with(prefix)) found.insert(found.end(), postings.begin(), postings.end());
  }
  merge_duplicates(found);
  return found;
}

// All terms again, 3 ms when the segment is full.
Postings LiveSegment::find_near(const Near& near) const {
  Postings found;
  Edits edits(near.text, near.edits);
  for (const auto& [term, postings] : postings_) {
    const auto distance = edits.from(term);
    if (!distance) continue;
    for (const Posting& posting : postings) {
      found.push_back({posting.doc, count_after_edits(posting.count, *distance)});
    }
  }
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
  const auto at = postings_.find(term);
  return at == postings_.end() ? 0 : at->second.size();
}

void LiveSegment::count_terms(DistinctTerms& distinct) const {
  for (const auto& [term, postings] : postings_) distinct.add(term);
}

}  // namespace earshot::index
