// The postings of a query's words in one segment.
#pragma once

#include <cstdint>
#include <string_view>

#include "index/budget.h"
#include "index/postings.h"
#include "index/query.h"
#include "index/segment.h"
#include "index/view.h"

namespace earshot::index {

/// A term's postings as they are stored, or what was made of many terms'.
class WordInSegment {
 public:
  WordInSegment() = default;
  explicit WordInSegment(TermPostings term) : term_(term), is_term_(true) {}
  explicit WordInSegment(Postings postings) : postings_(std::move(postings)) {}

  std::uint32_t size() const { return is_term_ ? term_.size() : static_cast<std::uint32_t>(postings_.size()); }
  Cursor cursor() const { return is_term_ ? term_.cursor() : Cursor(postings_); }

 private:
  TermPostings term_;
  Postings postings_;
  bool is_term_ = false;
};

class Gatherer {
 public:
  Gatherer(const Part& part, const Budget& budget) : part_(part), budget_(budget) {}

  /// When the time is up, each word still gets its first postings, so that there is something to rank.
  bool stopped_early() const { return stopped_early_; }

  /// Of made postings, those of removed documents are left out. Errors: kDisk, kCorrupt.
  Result<WordInSegment> gather(const Word& word);

 private:
  Result<WordInSegment> gather_term(std::string_view text);
  Result<Postings> gather_prefix(const Prefix& prefix);
  Result<Postings> gather_near(const Near& near);
  Result<Postings> gather_compound(const Compound& compound);
  Result<Postings> postings_of(std::string_view text);
  Result<Postings> whole(const TermPostings& term);
  Postings merged(Postings all) const;
  bool may_go_on();

  const Part& part_;
  const Budget& budget_;
  std::size_t visited_ = 0;
  bool stopped_early_ = false;
};

}  // namespace earshot::index
