// One query, evaluated over the live segment and all sealed ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "index/index.h"
#include "index/live_segment.h"
#include "index/query_parser.h"
#include "index/store.h"
#include "index/totals.h"

namespace earshot::index {

/// What the live segment knows of a query: copied under its lock, so that the rest of the search needs none.
struct LiveMatches {
  std::vector<Postings> words;                         // tracks with each word of the query
  std::vector<std::pair<Doc, ContentId>> candidates;   // tracks with all of them, by doc
};

LiveMatches live_matches(const LiveSegment& live, const Query& query);

/// Time left for one search.
class Budget {
 public:
  explicit Budget(Duration budget) : end_(Clock::now() + budget) {}
  bool is_spent() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

/// `live` and `totals` are of the moment of `view`. Best first by score, then by content id. When the budget ends early, what was gathered until then is ranked, so an
/// answer takes the budget plus the reading of its own records. Errors: kDisk, kCorrupt.
Result<Answer> search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals,
                      std::size_t limit, const Budget& budget);

}  // namespace earshot::index
