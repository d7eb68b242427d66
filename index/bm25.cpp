// The factors of BM25 that do not depend on the track.
#include "index/bm25.h"

#include <algorithm>
#include <cmath>

namespace earshot::index {

WordScore::WordScore(const Statistics& statistics, std::size_t word) {
  constexpr double kK1 = 1.2;
  constexpr double kB = 0.75;
  const auto tracks = static_cast<double>(statistics.tracks());
  // Foreign statistics may be older than the matches: more tracks with a word than tracks must not turn a score
  // negative.
  const double with = std::min(static_cast<double>(statistics.tracks_with(word)), tracks);
  const double idf = std::log(1.0 + (tracks - with + 0.5) / (with + 0.5));
  scale_ = idf * (kK1 + 1.0) * 1000.0;
  const double average = std::max(1.0, static_cast<double>(statistics.total_length()) / std::max(1.0, tracks));
  base_ = kK1 * (1.0 - kB);
  slope_ = kK1 * kB / average;
}

}  // namespace earshot::index
