// A merge of sorted streams of tracks, and of sorted streams of terms.
#include "index/merge.h"

#include "index/live_terms.h"
#include "index/segment_builder.h"

namespace earshot::index {

namespace {

// zstd's level: a merged segment lives long, and nobody waits for it.
constexpr int kThorough = 9;

// The tracks of one part in order, a page at a time.
class Stream {
 public:
  explicit Stream(const Part& part) : part_(&part) {}

  bool at_end() const { return doc_ == part_->segment->docs(); }
  Doc doc() const { return doc_; }
  bool is_removed() const { return part_->is_removed(doc_); }
  const Track& track() const { return page_[doc_ % kRecordsPerPage]; }
  std::uint8_t length() const { return part_->segment->length_of(doc_); }

  /// Reads the page of the current document, when it is at its start.
  Result<void> read() {
    if (at_end() || doc_ % kRecordsPerPage != 0) return {};
    auto tracks = part_->segment->tracks_of_page(doc_ / static_cast<Doc>(kRecordsPerPage));
    if (!tracks) return tl::unexpected(tracks.error());
    page_ = std::move(*tracks);
    return {};
  }

  Result<void> next() {
    ++doc_;
    return read();
  }

 private:
  const Part* part_;
  Doc doc_ = 0;
  std::vector<Track> page_;
};

// The terms of all parts, joined. What dropped documents had is counted on the way.
class JoinedTerms final : public TermSource {
 public:
  JoinedTerms(std::span<const Part> parts, Merged& merged, std::uint32_t docs, const std::atomic<bool>& stop)
      : merged_(merged), counts_(docs), stop_(stop) {
    for (const Part& part : parts) {
      walks_.emplace_back(*part.segment);
      has_term_.push_back(walks_.back().next());
    }
  }

  Result<bool> next() override {
    while (true) {
      if (stop_) return fail(ErrorCode::kStopped, "the merge was stopped");
      bool any = false;
      for (std::size_t i = 0; i < walks_.size(); ++i) {
        if (!has_term_[i] || (any && walks_[i].text() >= text_)) continue;
        text_ = walks_[i].text();  // the least so far
        any = true;
      }
      if (!any) return false;
      if (auto joined = join(); !joined) return tl::unexpected(joined.error());
      if (!postings_.empty()) return true;
    }
  }

  std::string_view text() const override { return text_; }
  std::span<const Posting> postings() const override { return postings_; }

  /// Only counts what is dropped. REQUIRES: every document is.
  Result<void> drain() {
    const auto more = next();
    if (!more) return tl::unexpected(more.error());
    return {};
  }

 private:
  Result<void> join() {
    postings_.clear();
    std::uint32_t dropped = 0;
    std::size_t sources = 0;
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      if (!has_term_[i] || walks_[i].text() != text_) continue;
      const auto here = walks_[i].postings();
      if (!here) return tl::unexpected(here.error());
      for (const Posting& posting : *here) {
        const Doc doc = merged_.new_docs[i][posting.doc];
        if (doc != kGone) {
          postings_.push_back({doc, posting.count});
        } else {
          ++dropped;
        }
      }
      has_term_[i] = walks_[i].next();
      ++sources;
    }
    if (dropped > 0) merged_.dropped.add(text_, dropped);
    if (sources > 1) sort_by_doc(postings_, counts_);
    return {};
  }

  Merged& merged_;
  std::vector<std::uint8_t> counts_;
  const std::atomic<bool>& stop_;
  std::vector<Segment::AllTerms> walks_;
  std::vector<bool> has_term_;
  std::string text_;
  Postings postings_;
};

}  // namespace

Result<Merged> merge_segments(std::span<const Part> parts, const std::atomic<bool>& stop) {
  Merged merged;
  std::vector<Stream> streams;
  for (const Part& part : parts) {
    merged.new_docs.emplace_back(part.segment->docs(), kGone);
    streams.emplace_back(part);
    if (auto read = streams.back().read(); !read) return tl::unexpected(read.error());
  }
  SegmentBuilder builder(kThorough);
  while (!stop) {
    Stream* first = nullptr;
    for (Stream& stream : streams) {
      if (stream.at_end()) continue;
      if (first == nullptr || comes_before(stream.track(), stream.length(), first->track(), first->length()))
        first = &stream;
    }
    if (first == nullptr) break;
    if (!first->is_removed()) {
      merged.new_docs[static_cast<std::size_t>(first - streams.data())][first->doc()] = builder.docs();
      builder.add(first->track(), first->length());
    }
    if (auto read = first->next(); !read) return tl::unexpected(read.error());
  }
  JoinedTerms terms(parts, merged, builder.docs(), stop);
  if (builder.docs() == 0) {
    auto drained = terms.drain();
    if (!drained) return tl::unexpected(drained.error());
    return merged;
  }
  auto pages = builder.finish(terms, nullptr);
  if (!pages) return tl::unexpected(pages.error());
  merged.pages = std::move(*pages);
  return merged;
}

}  // namespace earshot::index
