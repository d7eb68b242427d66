// A merge of sorted streams of tracks.
#include "index/merge.h"

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

}  // namespace

Result<Merged> merge_segments(std::span<const Part> parts, const Tokenizer& tokenizer, const std::atomic<bool>& stop) {
  Merged merged;
  std::vector<Stream> streams;
  for (const Part& part : parts) {
    merged.new_docs.emplace_back(part.segment->docs(), kGone);
    streams.emplace_back(part);
    if (auto read = streams.back().read(); !read) return tl::unexpected(read.error());
  }
  SegmentBuilder builder(kThorough);
  TrackTerms terms(tokenizer);
  while (!stop) {
    Stream* first = nullptr;
    for (Stream& stream : streams) {
      if (stream.at_end()) continue;
      if (first == nullptr || comes_before(stream.track(), stream.length(), first->track(), first->length()))
        first = &stream;
    }
    if (first == nullptr) {
      if (builder.docs() > 0) merged.pages = builder.finish();
      return merged;
    }
    terms.read(first->track());
    if (first->is_removed()) {
      merged.dropped.add(terms.terms());
    } else {
      merged.new_docs[static_cast<std::size_t>(first - streams.data())][first->doc()] = builder.docs();
      builder.add(first->track(), terms);
    }
    if (auto read = first->next(); !read) return tl::unexpected(read.error());
  }
  return fail(ErrorCode::kStopped, "the merge was stopped");
}

}  // namespace earshot::index
