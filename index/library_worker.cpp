// Sealing and merging, behind the writer's back.
#include <algorithm>
#include <map>
#include <numeric>

#include "index/library_index.h"
#include "index/live_terms.h"
#include "index/merge.h"
#include "index/segment_builder.h"
#include "index/varint.h"
#include "schema/prefetch.h"

namespace earshot::index {

namespace {

// How long nothing was added before merges begin: a bulk load is not slowed by them.
constexpr auto kQuiet = std::chrono::seconds(1);

// After a failure, a full disk mostly, the worker tries again.
constexpr auto kRetry = std::chrono::seconds(1);

}  // namespace

bool LibraryIndex::is_quiet() const {
  return std::chrono::steady_clock::now() - last_add_ >= kQuiet;
}

void LibraryIndex::work() {
  Writing writing(writer_);
  while (!stop_) {
    Result<void> done;
    const std::vector<std::size_t> picked = has_frozen() ? std::vector<std::size_t>() : pick();
    if (has_frozen()) {
      done = seal(writing);
    } else if (!picked.empty()) {
      done = merge(writing, picked);
    } else {
      done = bury();
      wants_compact_ = wants_compact_ && !done;
      changed_.notify_all();
      if (!stop_ && !has_frozen() && !wants_compact_) changed_.wait_for(writing, kQuiet);
    }
    failure_.reset();
    if (!done && !stop_) failure_ = done.error();
    changed_.notify_all();
    if (failure_) changed_.wait_for(writing, kRetry, [&] { return stop_.load(); });
  }
}

namespace {

// A track on its way into a segment. What orders most of them is beside it: memory is slow.
struct Ordered {
  std::uint64_t head;  // the length and how the artist begins
  const Track* track;
  Doc doc;
  std::uint8_t length;
};

Ordered ordered(const LiveSegment::Entry& entry, Doc doc) {
  std::uint64_t head = entry.length;
  const std::string& artist = entry.track->artist;
  for (std::size_t i = 0; i < 7; ++i) head = head << 8 | (i < artist.size() ? static_cast<unsigned char>(artist[i]) : 0u);
  return {head, entry.track.get(), doc, entry.length};
}

bool is_before(const Ordered& a, const Ordered& b) {
  return a.head != b.head ? a.head < b.head : comes_before(*a.track, a.length, *b.track, b.length);
}

}  // namespace

// The oldest waiting live segment becomes a sealed one.
Result<void> LibraryIndex::seal(Writing& writing) {
  const std::shared_ptr<LiveSegment> live = lives_.front();
  std::vector<std::shared_ptr<const Track>> kept;  // tracks may be removed meanwhile
  std::vector<Ordered> order;
  kept.reserve(live->docs());
  order.reserve(live->docs());
  for (Doc doc = 0; doc < live->docs(); ++doc) {
    if (!live->entry(doc).track) continue;
    kept.push_back(live->entry(doc).track);
    order.push_back(ordered(live->entry(doc), doc));
  }
  // Tracks may be removed from it meanwhile: their terms are copied too, which takes 0.2 us a track.
  LiveTerms live_terms;
  live->visit_terms([&](std::string_view text, const Postings& postings) { live_terms.add(text, postings); });
  const std::uint32_t number = next_number();
  DistinctTerms terms = sealed_terms_;
  writing.unlock();
  Result<Part> fresh;
  if (!order.empty()) {
    std::sort(order.begin(), order.end(), is_before);
    constexpr int kFast = 3;
    SegmentBuilder builder(kFast);
    std::vector<Doc> new_docs(live->docs());
    for (std::size_t i = 0; i < order.size(); ++i) {
      constexpr std::size_t kAhead = 8;
      if (i + kAhead < order.size()) prefetch(order[i + kAhead].track);
      new_docs[order[i].doc] = builder.docs();
      builder.add(*order[i].track, order[i].length);
    }
    live_terms.renumber(new_docs, builder.docs());
    auto pages = builder.finish(live_terms, &terms);
    if (pages) {
      fresh = write_segment(number, std::move(*pages));
    } else {
      fresh = tl::unexpected(pages.error());
    }
  }
  writing.lock();
  if (!fresh) return tl::unexpected(fresh.error());

  // Tracks that were removed meanwhile are removed from the segment instead.
  auto batch = store_->batch();
  std::shared_ptr<RemovedDocs> removed;
  RemovedTerms removed_terms;
  for (Doc doc = 0; doc < order.size(); ++doc) {
    if (live->entry(order[doc].doc).track) continue;
    if (!removed) removed = std::make_shared<RemovedDocs>(fresh->segment->docs());
    removed->add(doc);
    terms_.read(*order[doc].track);
    removed_terms.add(terms_.terms());
    batch->put(Family::kRemoved, source_key(number, doc), "");
  }
  fresh->removed = removed;
  batch->erase_all(Family::kLive, live->source());
  batch->erase_all(Family::kRemoved, live->source());
  auto view = std::make_shared<View>(*view_);
  if (fresh->segment) view->parts.push_back(std::move(*fresh));
  put_state(*batch, *view, terms);
  if (auto done = store_->write(std::move(batch)); !done) return done;
  const std::unique_lock exclusive(state_);
  lives_.erase(lives_.begin());
  view_ = std::move(view);
  sealed_terms_ = terms;
  removed_terms_.add(removed_terms);
  return {};
}

Result<Part> LibraryIndex::write_segment(std::uint32_t number, std::vector<NewPage> pages) {
  if (auto written = store_->ingest(Family::kPages, number, std::move(pages)); !written) return tl::unexpected(written.error());
  auto segment = Segment::open(*store_, pages_, number);
  if (!segment) return tl::unexpected(segment.error());
  return Part{std::move(*segment), nullptr};
}

void LibraryIndex::put_state(Batch& batch, const View& view, const DistinctTerms& terms) const {
  std::string segments;
  for (const Part& part : view.parts) put_varint(segments, part.segment->number());
  batch.put(Family::kState, kSegmentsKey, segments);
  batch.put(Family::kState, kTermsKey, terms.bytes());
  batch.put(Family::kState, kTotalsKey, encode(totals_));
}

// Segments to merge now, as positions in the view; none: all is well. Sizes fall into tiers, each kSegmentFan times the one
// below, and kSegmentFan segments of one tier become one of the next: a track is merged once a tier.
std::vector<std::size_t> LibraryIndex::pick() const {
  constexpr std::size_t kSegmentFan = 4;
  constexpr std::size_t kMaxParts = 32;               // more: searches slow down, so merges do not wait for quiet
  constexpr std::uint64_t kMaxMergedDocs = 2u << 20;  // 220 bytes each while they are merged
  const auto& parts = view_->parts;
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < parts.size(); ++i) all.push_back(i);
  const auto is_quarter_gone = [&](std::size_t i) {
    return parts[i].removed && parts[i].removed->count() * 4 >= parts[i].segment->docs();
  };
  if (wants_compact_) return pick_to_compact();
  if (!is_quiet() && parts.size() <= kMaxParts) return {};
  const auto worn = std::find_if(all.begin(), all.end(), is_quarter_gone);
  if (worn != all.end()) return {*worn};
  std::map<unsigned, std::vector<std::size_t>> tiers;
  for (const std::size_t i : all) {
    unsigned tier = 0;
    for (std::uint64_t size = std::max<std::size_t>(options_.live_tracks, 1); size * 2 <= parts[i].tracks();
         size *= kSegmentFan)
      ++tier;
    tiers[tier].push_back(i);
  }
  for (const auto& [tier, members] : tiers) {
    std::uint64_t docs = 0;
    for (const std::size_t i : members) docs += parts[i].tracks();
    if (members.size() >= kSegmentFan && docs <= kMaxMergedDocs) return members;
  }
  return {};
}

// As many as fit into one segment, the smallest first, until no two do. What is left has nothing removed.
std::vector<std::size_t> LibraryIndex::pick_to_compact() const {
  const auto& parts = view_->parts;
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return parts[a].tracks() < parts[b].tracks(); });
  const std::uint64_t most = std::min<std::uint64_t>(options_.segment_tracks, kMaxSegmentDocs);
  std::vector<std::size_t> picked;
  std::uint64_t docs = 0;
  for (const std::size_t i : order) {
    docs += parts[i].tracks();
    if (docs <= most) picked.push_back(i);
  }
  if (picked.size() > 1) return picked;
  const auto worn = std::find_if(order.begin(), order.end(), [&](std::size_t i) { return parts[i].removed != nullptr; });
  return worn == order.end() ? std::vector<std::size_t>() : std::vector<std::size_t>{*worn};
}

Result<void> LibraryIndex::merge(Writing& writing, const std::vector<std::size_t>& picked) {
  std::vector<Part> old;
  for (const std::size_t i : picked) old.push_back(view_->parts[i]);
  const std::uint32_t number = next_number();
  writing.unlock();
  auto merged = merge_segments(old, stop_);
  Result<Part> fresh;
  if (merged && !merged->pages.empty()) fresh = write_segment(number, std::move(merged->pages));
  writing.lock();
  if (!merged) return tl::unexpected(merged.error());
  if (!fresh) return tl::unexpected(fresh.error());

  // Tracks that were removed meanwhile are removed from the new segment too; their terms stay counted.
  auto batch = store_->batch();
  auto view = std::make_shared<View>();
  std::shared_ptr<RemovedDocs> removed;
  for (const Part& part : view_->parts) {
    const auto at = std::find_if(old.begin(), old.end(), [&](const Part& was) { return was.segment == part.segment; });
    if (at == old.end()) {
      view->parts.push_back(part);
      continue;
    }
    batch->erase_all(Family::kRemoved, part.segment->number());
    const auto& new_docs = merged->new_docs[static_cast<std::size_t>(at - old.begin())];
    for (Doc doc = 0; doc < part.segment->docs(); ++doc) {
      if (!part.is_removed(doc) || at->is_removed(doc)) continue;
      if (!removed) removed = std::make_shared<RemovedDocs>(fresh->segment->docs());
      removed->add(new_docs[doc]);
      batch->put(Family::kRemoved, source_key(number, new_docs[doc]), "");
    }
  }
  fresh->removed = removed;
  if (fresh->segment) view->parts.push_back(std::move(*fresh));
  put_state(*batch, *view, sealed_terms_);
  if (auto done = store_->write(std::move(batch)); !done) return done;
  for (const Part& part : old) graveyard_.push_back(part.segment);
  const std::unique_lock exclusive(state_);
  view_ = std::move(view);
  removed_terms_.subtract(merged->dropped);
  return {};
}

// Erases the pages of segments that nobody reads any more.
Result<void> LibraryIndex::bury() {
  auto batch = store_->batch();
  const auto erase = [&](const std::shared_ptr<const Segment>& segment) {
    if (segment.use_count() > 1) return false;
    batch->erase_all(Family::kPages, segment->number());
    return true;
  };
  if (std::erase_if(graveyard_, erase) == 0) return {};
  return store_->write(std::move(batch));
}

}  // namespace earshot::index
