// What the live segments know of a query: copied under their lock, so that the rest of the search needs none.
#pragma once

#include <cstdint>
#include <vector>

#include "index/live_segment.h"
#include "index/plan.h"
#include "index/query.h"
#include "index/word_tracks.h"

namespace earshot::index {

struct LiveMatches {
  explicit LiveMatches(const Query& query) : tracks_with(query.words.begin(), query.words.end()) {}

  /// Adds what one live segment knows.
  void add(const LiveSegment& live, const Query& query, const Plan& plan);

  std::vector<WordTracks> tracks_with;         // for each word; what is gone from sealed segments is taken off
  std::vector<LiveSegment::Entry> candidates;  // tracks with all required words; the conditions were not asked
  std::vector<std::uint8_t> counts;            // of each candidate, one for each word, 0 where it does not match
};

}  // namespace earshot::index
