// One segment, walked from the shortest tracks on for the best answers to a query.
//
// Exact: a document, a block of postings or the rest of the segment is passed over only when the best score it could
// have, by its largest counts and its least length, does not reach the worst of the answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "index/bm25.h"
#include "index/budget.h"
#include "index/gather.h"
#include "index/plan.h"
#include "index/text_match.h"
#include "index/view.h"

namespace earshot::index {

struct Ranked {
  std::uint32_t score = 0;
  Doc doc = 0;
};

/// Documents of a segment stand in the order of ties.
inline bool is_better(const Ranked& a, const Ranked& b) {
  return a.score != b.score ? a.score > b.score : a.doc < b.doc;
}

/// The best documents of one segment, as many as the answer may hold, which come in the order of ties.
class Best {
 public:
  /// `floor`: a score that the answer has often enough already, so that only better and equal ones count.
  Best(std::size_t limit, std::uint32_t floor) : limit_(limit), floor_(floor) {}

  bool is_hopeless(std::uint32_t score) const {
    return score < floor_ || (heap_.size() == limit_ && score <= heap_.front().score);
  }
  void add(const Ranked& ranked);
  std::vector<Ranked> take();

 private:
  std::size_t limit_;
  std::uint32_t floor_;
  std::vector<Ranked> heap_;  // the worst in front
};

/// What a query and its words' scores are to every walk.
struct WalkedQuery {
  const Query& query;
  const Plan& plan;
  const std::vector<WordScore>& scores;  // by word
  TextMatch& text_match;
};

class Walk {
 public:
  /// `words`: of the query, in this segment. REQUIRES: all outlive it.
  Walk(const WalkedQuery& walked, const Part& part, std::span<const WordInSegment> words, const Budget& budget);

  /// False: the budget ended before the walk. Errors: kDisk, kCorrupt.
  Result<bool> run(Best& best);

 private:
  bool walk_list(Cursor lead, Best& best);
  bool walk_all(Best& best);
  void read_joined(Cursor& lead);
  Postings united_cover(const std::vector<std::size_t>& cover);
  std::optional<Cursor> walk_of(std::size_t word);
  void consider(Doc doc, std::uint8_t count, Best& best);
  bool conditions_hold(Doc doc);
  void advance(Doc doc);
  void enter(std::size_t step);
  std::uint32_t most_at_length(std::size_t word) const;
  bool is_time_up();

  friend struct DocFacts;

  const WalkedQuery& walked_;
  const Part& part_;
  std::span<const WordInSegment> words_;
  const Budget& budget_;
  std::vector<WordCursor> cursors_;        // by word; the leading one's is not moved
  std::optional<std::size_t> lead_;    // the required word that leads
  std::vector<std::size_t> required_;  // the others, the shortest first
  std::optional<Error> error_;
  std::size_t looks_ = 0;
  DocBlock block_;
  Postings made_;  // what the leading word walks, where that is not stored so

  std::size_t step_ = 0;
  Doc step_end_ = 0;
  std::uint8_t length_ = 0;
  unsigned least_ = 0;        // counts of the lead below are hopeless at this length: what is needed only grows
  std::uint32_t lead_most_ = 0;
  std::uint32_t others_ = 0;    // what the words behind the lead can add at this length
  std::uint32_t optional_ = 0;  // the part of them that is not required
};

}  // namespace earshot::index
