// The newest tracks, in memory: everything added since the last segment was sealed. Its tracks are durable in the store's
// `live` family; this is only their postings, built again from there on open.
//
// Costs about 250 bytes a track, so 16 MB when full. Not thread-safe: index/index.cpp guards it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/postings.h"
#include "index/query_parser.h"
#include "index/terms.h"
#include "schema/ids.h"

namespace earshot::index {

class LiveSegment {
 public:
  /// Documents given out so far, removed ones included: the next free number.
  std::size_t docs() const { return contents_.size(); }
  std::size_t tracks() const { return doc_of_.size(); }

  /// REQUIRES: `content` is not held, doc >= docs(), doc < kSegmentDocs.
  void add(Doc doc, const ContentId& content, const TrackTerms& terms);

  /// Takes the same terms that were added. REQUIRES: `content` is held.
  void remove(const ContentId& content, const TrackTerms& terms);

  std::optional<Doc> doc_of(const ContentId& content) const;
  const ContentId& content_of(Doc doc) const { return contents_[doc]; }

  /// Tracks that match a word of a query; counts as index/postings.h combines them.
  Postings find(const Word& word) const;

  /// Held contents, in no order.
  const std::unordered_map<ContentId, Doc, IdHash>& contents() const { return doc_of_; }

  /// Every term with its postings, in byte order.
  std::vector<std::pair<std::string_view, const Postings*>> sorted_terms() const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  Postings find_term(std::string_view term) const;
  Postings find_prefix(std::string_view prefix) const;
  Postings find_compound(const Compound& compound) const;

  std::unordered_map<std::string, Postings, TextHash, std::equal_to<>> postings_;
  std::unordered_map<ContentId, Doc, IdHash> doc_of_;
  std::vector<ContentId> contents_;  // by doc; stale where the track was removed
};

}  // namespace earshot::index
