// Sorted ranges of chunks.
#include "stream/ppspp/chunk_set.h"

#include <algorithm>
#include <limits>

namespace earshot::stream::ppspp {

ChunkSet::ChunkSet(std::initializer_list<ChunkRange> ranges) {
  for (const ChunkRange& range : ranges) insert(range);
}

std::uint64_t ChunkSet::insert(ChunkRange range) { return insert(range, std::numeric_limits<std::size_t>::max()); }

std::uint64_t ChunkSet::insert(ChunkRange range, std::size_t max_ranges) {
  if (range.empty()) return 0;
  // Every range that overlaps or touches the new one melts into it.
  const auto first = std::lower_bound(ranges_.begin(), ranges_.end(), range.begin,
                                      [](const ChunkRange& r, std::uint64_t chunk) { return r.end < chunk; });
  auto last = first;
  std::uint64_t already = 0;
  ChunkRange merged = range;
  for (; last != ranges_.end() && last->begin <= range.end; ++last) {
    merged.begin = std::min(merged.begin, last->begin);
    merged.end = std::max(merged.end, last->end);
    already += intersection(*last, range).size();
  }
  if (first == last) {
    if (ranges_.size() >= max_ranges) return 0;
    ranges_.insert(first, merged);
  } else {
    *first = merged;
    ranges_.erase(first + 1, last);
  }
  const std::uint64_t added = range.size() - already;
  size_ += added;
  return added;
}

std::uint64_t ChunkSet::erase(ChunkRange range) {
  if (range.empty()) return 0;
  auto at = ranges_.begin() + (ending_after(range.begin) - ranges_.cbegin());
  std::uint64_t erased = 0;
  while (at != ranges_.end() && at->begin < range.end) {
    const ChunkRange was = *at;
    erased += intersection(was, range).size();
    const ChunkRange left{was.begin, std::min(was.end, range.begin)};
    const ChunkRange right{std::max(was.begin, range.end), was.end};
    if (!left.empty() && !right.empty()) {
      *at = left;
      ranges_.insert(at + 1, right);
      break;
    }
    if (!left.empty()) {
      *at++ = left;
    } else if (!right.empty()) {
      *at++ = right;
    } else {
      at = ranges_.erase(at);
    }
  }
  size_ -= erased;
  return erased;
}

void ChunkSet::clear() {
  ranges_.clear();
  size_ = 0;
}

std::vector<ChunkRange>::const_iterator ChunkSet::ending_after(std::uint64_t chunk) const {
  return std::upper_bound(ranges_.begin(), ranges_.end(), chunk,
                          [](std::uint64_t c, const ChunkRange& range) { return c < range.end; });
}

bool ChunkSet::contains(std::uint64_t chunk) const {
  const auto at = ending_after(chunk);
  return at != ranges_.end() && at->begin <= chunk;
}

bool ChunkSet::contains_all(ChunkRange range) const {
  if (range.empty()) return true;
  const auto at = ending_after(range.begin);
  return at != ranges_.end() && at->begin <= range.begin && at->end >= range.end;
}

bool ChunkSet::contains_any(ChunkRange range) const {
  if (range.empty()) return false;
  const auto at = ending_after(range.begin);
  return at != ranges_.end() && at->begin < range.end;
}

ChunkRange ChunkSet::around(std::uint64_t chunk) const {
  const auto at = ending_after(chunk);
  return at != ranges_.end() && at->begin <= chunk ? *at : ChunkRange{};
}

ChunkRange ChunkSet::first_run(ChunkRange within) const {
  if (within.empty()) return {};
  const auto at = ending_after(within.begin);
  if (at == ranges_.end() || at->begin >= within.end) return {};
  return intersection(*at, within);
}

ChunkRange ChunkSet::first_gap(ChunkRange within) const {
  if (within.empty()) return {};
  auto at = ending_after(within.begin);
  std::uint64_t begin = within.begin;
  if (at != ranges_.end() && at->begin <= begin) begin = (at++)->end;
  if (begin >= within.end) return {};
  const std::uint64_t end = at == ranges_.end() ? within.end : std::min(within.end, at->begin);
  return {begin, end};
}

}  // namespace earshot::stream::ppspp
