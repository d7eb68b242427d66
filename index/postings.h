// Postings in memory: the documents of one segment that match one word, with how much it counts in each.
// Not for: how they are stored (index/posting_list.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace earshot::index {

/// A document of one segment.
using Doc = std::uint32_t;

struct Posting {
  Doc doc = 0;
  std::uint8_t count = 0;  // weighted occurrences of the word in the track, at least 1
  bool operator==(const Posting&) const = default;
};

/// Sorted by doc, each once.
using Postings = std::vector<Posting>;

/// 0 for none.
constexpr std::uint8_t largest_count(std::span<const Posting> postings) {
  std::uint8_t most = 0;
  for (const Posting& posting : postings) most = std::max(most, posting.count);
  return most;
}

/// Documents of either; in both, counts add up.
Postings united(const Postings& a, const Postings& b);

/// Documents of both; the smaller count stays.
Postings intersected(const Postings& a, const Postings& b);

/// What a term `edits` edits away from the typed one counts: half as much for each, but once at least.
constexpr std::uint8_t count_after_edits(std::uint8_t count, unsigned edits) {
  return count >> edits == 0 ? std::uint8_t{1} : static_cast<std::uint8_t>(count >> edits);
}

/// Sorts, and adds up the counts of one doc.
void merge_duplicates(Postings& postings);

/// Without one doc. False: it was not there.
bool erase(Postings& postings, Doc doc);

}  // namespace earshot::index
