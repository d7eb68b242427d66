// Makes the pages of a segment (index/segment.h) out of its tracks.
//
// Takes about 220 bytes of memory a track: 8 a posting, and what becomes pages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/segment.h"
#include "index/store.h"
#include "index/terms.h"
#include "index/totals.h"
#include "schema/track.h"

namespace earshot::index {

class SegmentBuilder {
 public:
  /// `level` of zstd: 3 while a search may wait for the segment, more when it will live long.
  explicit SegmentBuilder(int level) : level_(level) {}

  /// REQUIRES: tracks come in the order of comes_before, `terms` are the track's.
  void add(const Track& track, const TrackTerms& terms);

  std::uint32_t docs() const { return static_cast<std::uint32_t>(contents_.size()); }
  const ContentId& content_of(Doc doc) const { return contents_[doc]; }

  /// REQUIRES: at least one track was added.
  std::vector<NewPage> finish();

  /// Adds the terms of the segment.
  void count_terms(DistinctTerms& distinct) const;

 private:
  // Of one posting, in the order of documents.
  struct Entry {
    std::uint32_t term;
    std::uint32_t doc_and_count;  // document x 256 + count
  };

  std::uint32_t number_of(std::string_view term);
  void end_record_page();
  void put_records(std::vector<NewPage>& pages);
  void put_contents(std::vector<NewPage>& pages) const;
  void put_ids(std::vector<NewPage>& pages) const;
  void put_terms(std::vector<NewPage>& pages);

  int level_;
  std::vector<ContentId> contents_;
  std::vector<std::uint32_t> length_docs_ = std::vector<std::uint32_t>(256);  // documents of each weighted length
  std::vector<Track> page_;
  NumbersBuilder numbers_of_tracks_;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, std::uint32_t, TermHash, std::equal_to<>> numbers_;
  std::vector<std::string_view> texts_;  // of numbers_, by number
  std::vector<std::uint32_t> sizes_;     // of each term's postings
  std::vector<Entry> entries_;
};

}  // namespace earshot::index
