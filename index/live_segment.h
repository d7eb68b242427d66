// The newest tracks, in memory: what was added since the last segment was sealed. They are durable in the store's
// `live` family under one source number, and are built again from there on open.
//
// Costs 670 bytes a track at most, 44 MB when full; at most three are held (index/index.cpp). Not thread-safe: index/index.cpp
// guards it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/doc_table.h"
#include "index/live_postings.h"
#include "index/postings.h"
#include "index/query.h"
#include "index/terms.h"
#include "index/totals.h"
#include "schema/ids.h"
#include "schema/track.h"

namespace earshot::index {

class LiveSegment {
 public:
  struct Entry {
    std::shared_ptr<const Track> track;  // null where it was removed
    std::uint8_t length = 0;
  };

  explicit LiveSegment(std::uint32_t source) : source_(source) {}

  std::uint32_t source() const { return source_; }
  /// Documents given out so far, removed ones included: the next free number.
  std::size_t docs() const { return entries_.size(); }
  std::size_t tracks() const { return docs_.size(); }

  /// `terms` and `length` are the track's. REQUIRES: its content is not held.
  void add(std::shared_ptr<const Track> track, std::span<const TrackTerms::Term> terms, std::uint8_t length);

  /// A document that was removed before: keeps the numbers of those after it.
  void add_removed() { entries_.emplace_back(); }

  /// Takes the same terms that were added. REQUIRES: `content` is held.
  void remove(const ContentId& content, std::span<const TrackTerms::Term> terms);

  std::optional<Doc> doc_of(const ContentId& content) const;
  void prefetch(const ContentId& content) const { docs_.prefetch(content); }
  /// Asks memory for what add() reads first of these terms, and for what it reads then.
  void prefetch_slots(std::span<const TrackTerms::Term> terms) const {
    for (const TrackTerms::Term& term : terms) postings_.prefetch_slot(term.hash);
  }
  void prefetch_entries(std::span<const TrackTerms::Term> terms) const {
    for (const TrackTerms::Term& term : terms) postings_.prefetch_entry(term.hash);
  }
  const Entry& entry(Doc doc) const { return entries_[doc]; }

  /// Tracks that match a word of a query; counts as index/postings.h combines them.
  Postings find(const Word& word) const;

  std::size_t tracks_with(std::string_view term) const;

  void count_terms(DistinctTerms& distinct) const;

  /// Visits every term, in no order.
  template <class Visit>
  void visit_terms(const Visit& visit) const {
    postings_.visit(visit);
  }

 private:
  bool is_at(Doc doc, const ContentId& content) const;
  Postings find_term(std::string_view term) const;
  Postings find_prefix(std::string_view prefix) const;
  Postings find_near(const Near& near) const;
  Postings find_compound(const Compound& compound) const;

  std::uint32_t source_;
  LivePostings postings_;
  DocTable docs_;
  std::vector<Entry> entries_;  // by doc
};

}  // namespace earshot::index
