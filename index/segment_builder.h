// Makes the pages of a segment (index/segment.h) out of its tracks and their postings.
//
// Takes about 100 bytes of memory a track beside what becomes pages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/segment.h"
#include "index/store.h"
#include "index/totals.h"
#include "schema/track.h"

namespace earshot::index {

/// Terms in byte order, each once, with their postings in the numbers of the segment that is built.
class TermSource {
 public:
  virtual ~TermSource() = default;
  /// False at the end. Errors: kDisk, kCorrupt.
  virtual Result<bool> next() = 0;
  virtual std::string_view text() const = 0;
  /// Never empty.
  virtual std::span<const Posting> postings() const = 0;
};

class SegmentBuilder {
 public:
  /// `level` of zstd: 3 while a search may wait for the segment, more when it will live long.
  explicit SegmentBuilder(int level) : level_(level) {}

  /// REQUIRES: tracks come in the order of comes_before.
  void add(const Track& track, std::uint8_t length);

  std::uint32_t docs() const { return static_cast<std::uint32_t>(contents_.size()); }

  /// Adds the segment's terms to `distinct`, unless it is null. REQUIRES: at least one track was added.
  /// Errors: those of the source.
  Result<std::vector<NewPage>> finish(TermSource& source, DistinctTerms* distinct);

 private:
  void end_record_page();
  void put_records(std::vector<NewPage>& pages);
  void put_contents(std::vector<NewPage>& pages) const;
  void put_ids(std::vector<NewPage>& pages) const;
  Result<void> put_terms(std::vector<NewPage>& pages, TermSource& source, DistinctTerms* distinct) const;

  int level_;
  std::vector<ContentId> contents_;
  std::vector<std::uint32_t> length_docs_ = std::vector<std::uint32_t>(256);  // documents of each weighted length
  ColumnsBuilder page_;
  NumbersBuilder numbers_;
  std::vector<std::string> columns_;
};

}  // namespace earshot::index
