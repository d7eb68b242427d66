// Pages of records as tracks come, all others at the end.
#include "index/segment_builder.h"

#include <algorithm>
#include <numeric>

#include "index/bits.h"
#include "index/varint.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::size_t kPostingsPage = 32 * 1024;

std::size_t shared_prefix(std::string_view a, std::string_view b) {
  const auto [end, other] =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(end - a.begin());
}

// Lists one after the other, and where each went.
class PostingsPages {
 public:
  explicit PostingsPages(std::vector<NewPage>& pages) : pages_(pages) {}

  std::pair<std::uint32_t, std::uint32_t> put(std::string_view list) {
    if (!page_.empty() && page_.size() + list.size() > kPostingsPage) end();
    const auto offset = static_cast<std::uint32_t>(page_.size());
    page_ += list;
    return {number_, offset};
  }

  void end() {
    if (page_.empty()) return;
    pages_.push_back({PageKind::kPostings, number_++, std::move(page_)});
    page_ = std::string();
  }

 private:
  std::vector<NewPage>& pages_;
  std::uint32_t number_ = 0;
  std::string page_;
};

void put_inlined(std::string& out, std::span<const Posting> postings) {
  Doc next = 0;
  for (const Posting& posting : postings) {
    put_varint(out, posting.doc - next);
    out.push_back(static_cast<char>(posting.count));
    next = posting.doc + 1;
  }
}

}  // namespace

void SegmentBuilder::add(const Track& track, std::uint8_t length) {
  EARSHOT_CHECK(docs() < kMaxSegmentDocs);
  contents_.push_back(track.content);
  ++length_docs_[length];
  numbers_.add(track);
  page_.add(track);
  if (page_.size() == kRecordsPerPage) end_record_page();
}

void SegmentBuilder::end_record_page() {
  if (page_.size() > 0) columns_.push_back(page_.take());
}

Result<std::vector<NewPage>> SegmentBuilder::finish(TermSource& source, DistinctTerms* distinct) {
  EARSHOT_CHECK(docs() > 0);
  std::vector<NewPage> pages;
  end_record_page();
  put_records(pages);
  put_contents(pages);
  pages.push_back({PageKind::kNumbers, 0, numbers_.finish()});
  put_ids(pages);
  if (auto put = put_terms(pages, source, distinct); !put) return tl::unexpected(put.error());
  std::string header;
  put_varint(header, kSegmentFormat);
  put_varint(header, docs());
  for (std::size_t length = 0; length < length_docs_.size(); ++length) {
    if (length_docs_[length] == 0) continue;
    header.push_back(static_cast<char>(length));
    put_varint(header, length_docs_[length]);
  }
  pages.push_back({PageKind::kHeader, 0, std::move(header)});
  return pages;
}

void SegmentBuilder::put_records(std::vector<NewPage>& pages) {
  std::string dictionary = train_dictionary(columns_);
  ColumnPacker packer(dictionary, level_);
  for (std::uint32_t number = 0; number < columns_.size(); ++number) {
    pages.push_back({PageKind::kRecords, number, packer.pack(columns_[number])});
    columns_[number] = std::string();
  }
  pages.push_back({PageKind::kDictionary, 0, std::move(dictionary)});
}

void SegmentBuilder::put_contents(std::vector<NewPage>& pages) const {
  for (std::size_t at = 0; at < contents_.size(); at += kContentsPerPage) {
    const auto part = std::span(contents_).subspan(at, std::min(kContentsPerPage, contents_.size() - at));
    const bool is_mixed =
        std::any_of(part.begin(), part.end(), [&](const ContentId& c) { return c.scheme != part[0].scheme; });
    std::string page(1, is_mixed ? '\xFF' : static_cast<char>(part[0].scheme));
    if (is_mixed) {
      for (const ContentId& content : part) page.push_back(static_cast<char>(content.scheme));
    }
    for (const ContentId& content : part) page += as_text(content.digest);
    pages.push_back({PageKind::kContents, static_cast<std::uint32_t>(at / kContentsPerPage), std::move(page)});
  }
}

void SegmentBuilder::put_ids(std::vector<NewPage>& pages) const {
  const IdTable table(docs());
  std::vector<std::uint32_t> begins((std::size_t{1} << table.bits) + 1);
  for (const ContentId& content : contents_) ++begins[table.bucket_of(content) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
  std::vector<std::uint32_t> entries(contents_.size());
  for (Doc doc = 0; doc < docs(); ++doc) {
    entries[next[table.bucket_of(contents_[doc])]++] = doc << 8 | table.next_bits_of(contents_[doc]);
  }
  std::string page;
  pack(page, begins, table.bucket_width);
  pack(page, entries, table.entry_width);
  pages.push_back({PageKind::kIds, 0, std::move(page)});
}

Result<void> SegmentBuilder::put_terms(std::vector<NewPage>& pages, TermSource& source,
                                       DistinctTerms* distinct) const {
  PostingsPages lists(pages);
  std::string page;
  std::string before;
  for (std::size_t i = 0;; ++i) {
    const auto more = source.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    const std::string_view text = source.text();
    if (distinct != nullptr) distinct->add(text);
    if (i % kTermsPerGroup == 0) before.clear();
    const std::size_t shared = shared_prefix(before, text);
    put_varint(page, shared);
    put_varint(page, text.size() - shared);
    page += text.substr(shared);
    before = text;
    const auto list = source.postings();
    put_varint(page, list.size());
    if (list.size() <= kMaxInlined) {
      put_inlined(page, list);
      continue;
    }
    const auto [number, offset] = lists.put(encode_list(list, docs()));
    page.push_back(static_cast<char>(largest_count(list)));
    put_varint(page, number);
    put_varint(page, offset);
  }
  pages.push_back({PageKind::kTerms, 0, std::move(page)});
  lists.end();
  return {};
}

}  // namespace earshot::index
