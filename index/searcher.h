// One query, evaluated over what is live and all sealed segments.
//
// Answers are exact: a document, a block of postings or the rest of a segment is passed over only when the best score
// it could have, by its largest counts and its least length, does not reach the worst of the answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "index/index.h"
#include "index/live_segment.h"
#include "index/query_parser.h"
#include "index/totals.h"
#include "index/view.h"

namespace earshot::index {

/// What the live segments know of a query: copied under their lock, so that the rest of the search needs none.
struct LiveMatches {
  explicit LiveMatches(const Query& query) : tracks_with(query.words.size()) {}

  /// Adds what one live segment knows.
  void add(const LiveSegment& live, const Query& query);

  std::vector<std::int64_t> tracks_with;       // for each word; what is gone from sealed segments is taken off
  std::vector<LiveSegment::Entry> candidates;  // tracks with all words
  std::vector<std::uint8_t> counts;            // of each candidate, one for each word
};

/// Time left for one search: the first half to read postings, the second to rank them.
class Budget {
 public:
  explicit Budget(Duration budget) : half_(Clock::now() + budget / 2), end_(half_ + budget / 2) {}
  bool is_half_spent() const { return Clock::now() >= half_; }
  bool is_spent() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point half_;
  Clock::time_point end_;
};

/// `live` and `totals` are of the moment of `view`. Best first by score, then by comes_before. When the budget ends
/// early, what was gathered until then is ranked, so an answer takes the budget, one look-up for each word left, and
/// the reading of its own records. Errors: kDisk, kCorrupt.
Result<Answer> search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals,
                      std::size_t limit, const Budget& budget);

}  // namespace earshot::index
