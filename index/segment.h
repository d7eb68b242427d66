// A segment: some tracks that never change again, in pages (index/store.h), and its reader.
//
// Documents are numbered in the order of `comes_before`: by weighted length, then artist, album and content id. Pages
// by kind, integers as LEB128 varints where no width is given:
//
//   kHeader      format docs class{}
//     class      := length:byte docs                      documents of one weighted length; rising, none empty
//   kIds         bucket{2^bits + 1} entry{docs}, packed   see `x_of` below
//   kDictionary  zstd's, or empty
//   kTerms       term{}, rising                           one page, kept in memory: 3 bytes a track
//     term       := shared size byte{size} df place       `shared` bytes as in the term before; 0 for each 32nd
//     place      := (gap count:byte){df}                  df <= 3
//                 | most:byte page offset                 a list of index/posting_list.h in a kPostings page
//   kPostings    list{}                                   about 32 KiB, or one list that is larger
//   kRecords     index/record_page.h                      texts of kRecordsPerPage documents; in memory each stands
//                                                       behind its document's id and numbers
//   kNumbers     index/numbers.h                         one page, kept in memory; format 1 had its numbers in kRecords
//   kContents    scheme:byte digest:byte{32}{<= 128}      scheme 0xFF: followed by one for each, then the digests
//
// kIds finds documents by content id: ids are random, so their first `bits` bits choose one of 2^bits buckets of about
// four; an entry is the next eight bits of the id and the document. `bucket` numbers are those of each bucket's first
// entry. A match is only likely: kContents tells.
//
// Rationale. The order makes the length norm of BM25 a step function of the document number, so postings carry no
// length and a search may stop at the first length that cannot beat what it has; ties come out in order for free. Every
// list lies whole in one page: one look-up for a word.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/numbers.h"
#include "index/page_cache.h"
#include "index/posting_list.h"
#include "index/record_page.h"
#include "index/store.h"
#include "index/term_masks.h"
#include "index/term_page.h"
#include "index/text_match.h"
#include "schema/ids.h"
#include "schema/track.h"

namespace earshot::index {

inline constexpr std::uint32_t kSegmentFormat = 2;
inline constexpr std::uint32_t kMaxSegmentDocs = (1u << 24) - 1;  // an id entry has 8 bits more, and fits 32
inline constexpr std::size_t kContentsPerPage = 128;  // two pages of records

/// The order of documents in a segment, and of answers with one score.
bool comes_before(const Track& a, std::uint8_t a_length, const Track& b, std::uint8_t b_length);

/// Where a term's postings are, and what to know before reading them.
class TermPostings {
 public:
  std::uint32_t size() const { return size_; }
  /// Reads this object's memory and, as long as the page_cache Reading lasts, the list's page.
  Cursor cursor() const;

 private:
  friend class Segment;
  std::uint32_t size_ = 0;
  std::uint32_t docs_ = 0;
  std::uint8_t most_ = 0;
  std::array<Posting, kMaxInlined> inlined_;
  std::string_view list_;
};

/// Shape of kIds for a number of documents.
struct IdTable {
  explicit IdTable(std::uint32_t docs);
  unsigned bits;          // of the id that choose a bucket
  unsigned bucket_width;  // bits of a bucket's number
  unsigned entry_width;   // bits of an entry: the document's and eight more
  std::size_t entries;    // where they start, in bytes
  std::size_t size;       // of all, in bytes

  std::uint32_t bucket_of(const ContentId& content) const;
  std::uint32_t next_bits_of(const ContentId& content) const;
};

/// Thread-safe. REQUIRES: whoever asks for terms or tracks holds a PageCache::Reading meanwhile.
class Segment {
 public:
  /// REQUIRES: store and cache outlive it.
  static Result<std::shared_ptr<const Segment>> open(const Store& store, PageCache& cache, std::uint32_t number);
  ~Segment();

  std::uint32_t number() const { return number_; }
  std::uint32_t docs() const { return docs_; }

  /// Weighted lengths as a step function: document `first` and all up to the next step have `length`.
  struct Step {
    Doc first = 0;
    std::uint8_t length = 0;
  };
  /// Never empty; the last one is at docs().
  const std::vector<Step>& steps() const { return steps_; }
  std::uint8_t length_of(Doc doc) const;

  /// Nothing when no document has the term.
  Result<std::optional<TermPostings>> find(std::string_view term) const;

  /// Visits all terms that begin with `prefix`, in byte order, until `visit` returns false.
  using Visit = std::function<Result<bool>(std::string_view term, const TermPostings& postings)>;
  Result<void> scan(std::string_view prefix, const Visit& visit) const;

  /// All terms in byte order with their postings, past the cache: for merges.
  class AllTerms;

  /// Visits all terms within `most` edits of a word, in no order, until `visit` returns false.
  using VisitNear = std::function<Result<bool>(unsigned edits, const TermPostings& postings)>;
  Result<void> visit_near(std::string_view word, unsigned most, const VisitNear& visit) const;

  Result<std::optional<Doc>> doc_of(const ContentId& content) const;

  /// Asks memory for what doc_of() of these will read: the tables are large, so each look-up waits for memory twice.
  void prefetch(std::span<const ContentId> contents) const;

  /// REQUIRES: doc < docs().
  Result<Track> track(Doc doc) const;

  /// The texts of a track, where they lie. REQUIRES: doc < docs().
  Result<Texts> texts(Doc doc) const;

  /// All of them, each to where `track_at` of its place in `docs` says; faster than one by one.
  /// REQUIRES: each is < docs().
  using TrackAt = std::function<Track&(std::size_t i)>;
  Result<void> read_tracks(std::span<const Doc> docs, const TrackAt& track_at) const;

  const Numbers& numbers() const { return numbers_; }

  /// Tracks of one page of records, past the cache: page p begins with document p x kRecordsPerPage.
  Result<std::vector<Track>> tracks_of_page(std::uint32_t page) const;

  tl::unexpected<Error> damaged(std::string_view what) const { return store_->damaged(what); }

 private:
  Segment(const Store& store, PageCache& cache, std::uint32_t number)
      : store_(&store), cache_(&cache), number_(number) {}
  bool read_header(std::string_view header);
  bool read_terms(std::string terms);
  std::string_view first_term(std::size_t group) const;
  std::size_t group_of(std::string_view term) const;
  Result<void> open_numbers();
  Result<std::string> numbers_of_format_1() const;
  Result<TermPostings> postings_at(const TermEntry& entry) const;
  Result<ContentId> content_of(Doc doc) const;
  Result<std::string_view> postings_page(std::uint32_t number) const;
  Result<std::string_view> records_page(std::uint32_t number) const;
  Result<std::string> unpacked_records(std::uint32_t number) const;
  Result<std::string_view> content_page(std::uint32_t number) const;

  const Store* store_;
  PageCache* cache_;
  std::uint32_t number_;
  std::uint32_t format_ = 0;
  std::uint32_t docs_ = 0;
  std::vector<Step> steps_;
  std::string terms_;                       // kTerms
  std::vector<std::uint32_t> groups_;       // where each group of kTermsPerGroup begins in it
  std::vector<std::uint64_t> group_heads_;  // the first eight bytes of its first term, as a number
  TermMasks masks_;
  std::string ids_;                         // kIds and kPadding
  Numbers numbers_;
  std::unique_ptr<ColumnUnpacker> unpacker_;

  // By page number. Filled by searches.
  std::uint32_t postings_pages_ = 0;
  std::unique_ptr<PageSlot[]> postings_;
  std::unique_ptr<PageSlot[]> records_;
  std::unique_ptr<PageSlot[]> contents_;
};

class Segment::AllTerms {
 public:
  /// REQUIRES: the segment outlives it.
  explicit AllTerms(const Segment& segment) : segment_(&segment), terms_(segment.terms_) {}

  /// False at the end.
  bool next() { return terms_.next(); }
  std::string_view text() const { return terms_.text(); }
  /// Errors: kDisk, kCorrupt.
  Result<Postings> postings();

 private:
  const Segment* segment_;
  TermPage terms_;
  std::string page_;  // and kPadding
  std::uint32_t page_number_ = UINT32_MAX;
};

}  // namespace earshot::index
