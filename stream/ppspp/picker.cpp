// Wishes, then rare pages, then whatever is left.
#include "stream/ppspp/picker.h"

#include <algorithm>
#include <limits>

namespace earshot::stream::ppspp {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

ChunkRange chunks_of_page(std::uint64_t page) { return {page * kPageChunks, (page + 1) * kPageChunks}; }

}  // namespace

void Picker::want(std::vector<ChunkWish> wishes, Rest rest) {
  std::stable_sort(wishes.begin(), wishes.end(), [](const ChunkWish& a, const ChunkWish& b) { return a.by < b.by; });
  if (wishes.size() > kMaxWishes) wishes.resize(kMaxWishes);
  asked_for_ = std::move(wishes);
  rest_ = rest;
  settle_wishes();
}

void Picker::know_length(std::uint64_t chunk_count) {
  chunk_count_ = chunk_count;
  settle_wishes();
}

void Picker::settle_wishes() {
  wishes_.clear();
  for (ChunkWish wish : asked_for_) {
    if (wish.from_end) {
      if (chunk_count_ == 0) continue;
      const std::uint64_t end = chunk_count_ - std::min(chunk_count_, wish.chunks.begin);
      wish = {{chunk_count_ - std::min(chunk_count_, wish.chunks.end), end}, wish.by, false};
    }
    if (!wish.chunks.empty()) wishes_.push_back(wish);
  }
}

void Picker::plan(std::span<const ChunkSet* const> offers, std::uint64_t start) {
  plan_.clear();
  start_ = start * kPageChunks;
  const ChunkRange all{0, chunk_count_};
  for (ChunkRange rest : {ChunkRange{start_, chunk_count_}, ChunkRange{0, std::min(start_, chunk_count_)}}) {
    while (plan_.size() < kMaxPlanned) {
      const ChunkRange gap = claimed_.first_gap(rest);
      if (gap.empty()) break;
      const std::uint64_t page = gap.begin / kPageChunks;
      plan_.push_back(page);
      rest.begin = chunks_of_page(page).end;
    }
  }
  std::vector<std::pair<std::size_t, std::uint64_t>> counted;
  counted.reserve(plan_.size());
  for (const std::uint64_t page : plan_) {
    const ChunkRange chunks = intersection(chunks_of_page(page), all);
    const auto count = std::count_if(offers.begin(), offers.end(),
                                     [&](const ChunkSet* offer) { return offer->contains_all(chunks); });
    counted.emplace_back(static_cast<std::size_t>(count), page);
  }
  std::stable_sort(counted.begin(), counted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(counted.begin(), counted.end(), plan_.begin(), [](const auto& entry) { return entry.second; });
}

bool Picker::plan_is_used_up() const {
  const ChunkRange all{0, chunk_count_};
  return std::all_of(plan_.begin(), plan_.end(), [&](std::uint64_t page) {
    return claimed_.contains_all(intersection(chunks_of_page(page), all));
  });
}

ChunkRange Picker::next(const ChunkSet& has, std::uint64_t limit) const {
  if (limit == 0) return {};
  for (const ChunkWish& wish : wishes_) {
    const ChunkRange found = first_in(wish.chunks, has, limit);
    if (!found.empty()) return found;
  }
  if (rest_ == Rest::kLeave) return {};
  const std::uint64_t start = plan_.empty() && !wishes_.empty() ? wishes_.front().chunks.end : start_;
  ChunkRange any = first_in({start, kNoLimit}, has, limit);
  if (any.empty()) any = first_in({0, start}, has, limit);
  if (any.empty()) return {};
  for (const std::uint64_t page : plan_) {
    const ChunkRange found = first_in(chunks_of_page(page), has, limit);
    if (!found.empty()) return found;
  }
  return any;
}

ChunkRange Picker::first_in(ChunkRange within, const ChunkSet& has, std::uint64_t limit) const {
  while (!within.empty()) {
    const ChunkRange offered = has.first_run(within);
    if (offered.empty()) return {};
    ChunkRange gap = claimed_.first_gap(offered);
    if (!gap.empty()) {
      gap.end = std::min({gap.end, (gap.begin / kPageChunks + 1) * kPageChunks, gap.begin + limit});
      return gap;
    }
    within.begin = offered.end;
  }
  return {};
}

}  // namespace earshot::stream::ppspp
