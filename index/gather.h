// The postings of a query's words in one segment.
#pragma once

#include <cstdint>
#include <string_view>

#include "index/budget.h"
#include "index/postings.h"
#include "index/query.h"
#include "index/view.h"
#include "index/word_cursor.h"
#include "index/word_tracks.h"

namespace earshot::index {

class Gatherer {
 public:
  Gatherer(const Part& part, const Budget& budget) : part_(part), budget_(budget) {}

  /// When the time is up, each word still gets its first postings, so that there is something to rank.
  bool stopped_early() const { return stopped_early_; }

  /// Adds the segment's tracks to those that have the word. Of made postings, those of removed documents are left out.
  /// Errors: kDisk, kCorrupt.
  Result<WordInSegment> gather(const Word& word, WordTracks& tracks);

 private:
  Result<WordInSegment> gather_terms(const Word& word, WordTracks& tracks);
  Result<TermPostings> term(std::string_view text);
  Result<Postings> gather_prefix(const Prefix& prefix);
  Result<Postings> gather_near(const Near& near);
  Result<Postings> whole(const TermPostings& term);
  Postings merged(Postings all) const;
  bool may_go_on();

  const Part& part_;
  const Budget& budget_;
  std::size_t visited_ = 0;
  bool stopped_early_ = false;
};

}  // namespace earshot::index
