// One query, evaluated over what is live and all sealed segments.
//
// Answers are exact: index/walk.h passes over what cannot reach the answer, and nothing else.
#pragma once

#include <optional>

#include "index/budget.h"
#include "index/index.h"
#include "index/live_matches.h"
#include "index/plan.h"
#include "index/query.h"
#include "index/tokenizer.h"
#include "index/totals.h"
#include "index/view.h"

namespace earshot::index {

/// What a search looks at. All but the query is of one moment.
struct SearchedIndex {
  const View& view;
  const LiveMatches& live;
  const Totals& totals;
  const Tokenizer& tokenizer;
};

struct Searched {
  Answer answer;
  std::optional<std::size_t> missing;  // a word that every answer has and no track
};

/// Best first by score, then by comes_before. When the budget ends early, what was gathered until then is ranked, so an
/// answer takes the budget, one look-up for each word left, and the reading of its own records. Errors: kDisk, kCorrupt.
/// REQUIRES: a PageCache::Reading.
Result<Searched> search(const Query& query, const Plan& plan, const SearchedIndex& index, const SearchOptions& options,
                        const Budget& budget);

}  // namespace earshot::index
