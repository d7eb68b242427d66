// BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.4.3) with
// k1 = 1.2 and b = 0.75, in whole thousandths.
//
// Scores are sums of integers, so they do not depend on the order in which words are looked up.
#pragma once

#include <cstdint>

namespace earshot::index {

/// What BM25 wants to know of the collection: this index's own numbers, or the network's.
class Statistics {
 public:
  virtual ~Statistics() = default;
  virtual std::uint64_t tracks() const = 0;
  /// Sum of the weighted lengths of all tracks.
  virtual std::uint64_t total_length() const = 0;
  /// Tracks that match the query's word number `word`.
  virtual std::uint64_t tracks_with(std::size_t word) const = 0;
};

/// What a match of one word of a query is worth.
class WordScore {
 public:
  WordScore(const Statistics& statistics, std::size_t word);

  /// Of a track where the word counts `count` (weighted) and whose weighted length is `length`.
  std::uint32_t of(std::uint8_t count, std::uint8_t length) const {
    return static_cast<std::uint32_t>(scale_ * count / (count + base_ + slope_ * length));
  }

 private:
  double scale_;  // idf (k1 + 1) x 1,000
  double base_;   // k1 (1 - b)
  double slope_;  // k1 b / average
};

}  // namespace earshot::index
