// Reading the pages of one segment.
#include "index/segment.h"

#include <algorithm>
#include <tuple>

#include "index/bits.h"
#include "index/records.h"
#include "index/tokenizer.h"
#include "index/varint.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::uint8_t kMixedSchemes = 0xFF;

std::optional<std::string> as_it_is(std::string_view bytes) {
  return std::string(bytes);
}

std::optional<std::uint8_t> take_byte(std::string_view& in) {
  if (in.empty()) return std::nullopt;
  const auto byte = static_cast<std::uint8_t>(in[0]);
  in.remove_prefix(1);
  return byte;
}

std::uint64_t first_bits(const ContentId& content) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | content.digest[i];
  return bits;
}

std::optional<ContentId> content_at(std::string_view page, std::size_t i) {
  constexpr std::size_t kDigest = std::tuple_size_v<Digest32>;
  if (page.empty()) return std::nullopt;
  auto scheme = static_cast<std::uint8_t>(page[0]);
  page.remove_prefix(1);
  if (scheme == kMixedSchemes) {
    const std::size_t contents = page.size() / (kDigest + 1);
    if (i >= contents) return std::nullopt;
    scheme = static_cast<std::uint8_t>(page[i]);
    page.remove_prefix(contents);
  }
  if (page.size() < (i + 1) * kDigest || scheme > static_cast<std::uint8_t>(Scheme::kPpspp)) return std::nullopt;
  ContentId content;
  content.scheme = static_cast<Scheme>(scheme);
  const ByteView digest = as_bytes(page.substr(i * kDigest, kDigest));
  std::copy(digest.begin(), digest.end(), content.digest.begin());
  return content;
}

// What is said of a term, beside its text.
struct Entry {
  std::uint32_t df = 0;
  std::uint8_t most = 0;
  std::uint32_t page = 0;
  std::uint32_t offset = 0;
  std::array<Posting, kMaxInlined> inlined;
};

bool take_inlined(std::string_view& in, Entry& entry) {
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < entry.df; ++i) {
    const auto gap = take_varint<std::uint32_t>(in);
    const auto count = take_byte(in);
    if (!gap || !count) return false;
    entry.inlined[i] = {next + *gap, *count};
    next = entry.inlined[i].doc + 1;
  }
  return true;
}

bool take_place(std::string_view& in, Entry& entry) {
  if (entry.df <= kMaxInlined) return take_inlined(in, entry);
  const auto most = take_byte(in);
  const auto page = take_varint<std::uint32_t>(in);
  const auto offset = take_varint<std::uint32_t>(in);
  if (!most || !page || !offset) return false;
  entry.most = *most;
  entry.page = *page;
  entry.offset = *offset;
  return true;
}

// Walks the terms from the start of a group.
class Terms {
 public:
  explicit Terms(std::string_view terms) : rest_(terms) {}

  /// False: at the end, or damaged.
  bool next() {
    if (rest_.empty()) return false;
    is_damaged_ = true;
    const auto shared = take_varint<std::uint32_t>(rest_);
    const auto size = take_varint<std::uint32_t>(rest_);
    if (!shared || !size || *shared > size_ || *size > rest_.size() || *shared + *size > kMaxTerm) return false;
    shares_ = *shared > 0;
    std::copy_n(rest_.begin(), *size, text_.begin() + *shared);
    size_ = *shared + *size;
    rest_.remove_prefix(*size);
    const auto df = take_varint<std::uint32_t>(rest_);
    if (!df || *df == 0) return false;
    entry_.df = *df;
    is_damaged_ = !take_place(rest_, entry_);
    return !is_damaged_;
  }

  bool is_damaged() const { return is_damaged_; }
  std::string_view text() const { return {text_.data(), size_}; }
  std::string_view rest() const { return rest_; }
  bool shares() const { return shares_; }
  const Entry& entry() const { return entry_; }

 private:
  std::string_view rest_;
  std::array<char, kMaxTerm> text_;
  std::size_t size_ = 0;
  Entry entry_;
  bool shares_ = false;
  bool is_damaged_ = false;
};

// Rises as terms do, though not strictly.
std::uint64_t head_of(std::string_view term) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | (i < term.size() ? static_cast<unsigned char>(term[i]) : 0u);
  return head;
}

}  // namespace

bool comes_before(const Track& a, std::uint8_t a_length, const Track& b, std::uint8_t b_length) {
  return std::tie(a_length, a.artist, a.album, a.content) < std::tie(b_length, b.artist, b.album, b.content);
}

Cursor TermPostings::cursor() const {
  if (size_ <= kMaxInlined) return Cursor(std::span(inlined_).first(size_));
  return {page_.bytes().substr(offset_), size_, docs_, most_};
}

IdTable::IdTable(std::uint32_t docs) {
  constexpr unsigned kNextBits = 8;
  const unsigned width = width_of(docs);
  bits = width > 2 ? width - 2 : 0;
  bucket_width = width;
  entry_width = width + kNextBits;
  entries = packed_bytes((std::size_t{1} << bits) + 1, bucket_width);
  size = entries + packed_bytes(docs, entry_width);
}

std::uint32_t IdTable::bucket_of(const ContentId& content) const {
  return bits == 0 ? 0 : static_cast<std::uint32_t>(first_bits(content) >> (64 - bits));
}

std::uint32_t IdTable::next_bits_of(const ContentId& content) const {
  return static_cast<std::uint32_t>(first_bits(content) << bits >> 56);
}

Result<std::shared_ptr<const Segment>> Segment::open(const Store& store, std::uint32_t number) {
  const std::shared_ptr<Segment> segment(new Segment(store, number));
  auto header = store.page_once({number, PageKind::kHeader, 0});
  if (!header) return tl::unexpected(header.error());
  if (!segment->read_header(*header)) return store.damaged("segment header");
  auto ids = store.page_once({number, PageKind::kIds, 0});
  if (!ids) return tl::unexpected(ids.error());
  if (ids->size() != IdTable(segment->docs_).size) return store.damaged("segment ids");
  segment->ids_ = std::move(*ids);
  segment->ids_.append(kPadding, '\0');
  auto terms = store.page_once({number, PageKind::kTerms, 0});
  if (!terms) return tl::unexpected(terms.error());
  if (!segment->read_terms(std::move(*terms))) return store.damaged("segment terms");
  const auto dictionary = store.page_once({number, PageKind::kDictionary, 0});
  if (!dictionary) return tl::unexpected(dictionary.error());
  segment->unpacker_ = std::make_unique<ColumnUnpacker>(*dictionary);
  return std::shared_ptr<const Segment>(segment);
}

bool Segment::read_header(std::string_view in) {
  constexpr std::uint32_t kMaxDocs = 1u << 24;  // an id entry has 8 bits more, and fits 32
  const auto format = take_varint<std::uint32_t>(in);
  const auto docs = take_varint<std::uint32_t>(in);
  if (!format || *format != kSegmentFormat || !docs || *docs == 0 || *docs >= kMaxDocs) return false;
  docs_ = *docs;
  Doc first = 0;
  while (!in.empty()) {
    const auto length = take_byte(in);
    const auto count = take_varint<std::uint32_t>(in);
    if (!length || !count || *count == 0 || *count > docs_ - first) return false;
    if (!steps_.empty() && steps_.back().length >= *length) return false;
    steps_.push_back({first, *length});
    first += *count;
  }
  steps_.push_back({docs_, 255});
  return first == docs_;
}

// Walks all terms once, so that later walks meet no surprise.
bool Segment::read_terms(std::string bytes) {
  terms_ = std::move(bytes);
  Terms terms(terms_);
  for (std::size_t i = 0, begin = 0; terms.next(); ++i) {
    if (i % kTermsPerGroup == 0) {
      if (terms.shares()) return false;
      groups_.push_back(static_cast<std::uint32_t>(begin));
      group_heads_.push_back(head_of(terms.text()));
    }
    begin = terms_.size() - terms.rest().size();
  }
  return !terms.is_damaged();
}

// A group begins with a whole term, whose size is one byte, since a term has kMaxTerm bytes at most.
std::string_view Segment::first_term(std::size_t group) const {
  const std::size_t begin = groups_[group];
  return std::string_view(terms_).substr(begin + 2, static_cast<unsigned char>(terms_[begin + 1]));
}

// The last group that begins at or before `term`, or the first one.
std::size_t Segment::group_of(std::string_view term) const {
  const std::uint64_t head = head_of(term);
  auto low =
      static_cast<std::size_t>(std::lower_bound(group_heads_.begin(), group_heads_.end(), head) - group_heads_.begin());
  while (low < groups_.size() && group_heads_[low] == head && first_term(low) <= term) ++low;
  return low == 0 ? 0 : low - 1;
}

std::uint8_t Segment::length_of(Doc doc) const {
  const auto after =
      std::upper_bound(steps_.begin(), steps_.end(), doc, [](Doc d, const Step& s) { return d < s.first; });
  return (after - 1)->length;
}

Result<std::optional<TermPostings>> Segment::find(std::string_view term) const {
  std::optional<TermPostings> found;
  const auto scanned = scan(term, [&](std::string_view text, TermPostings postings) -> Result<bool> {
    if (text == term) found = std::move(postings);
    return false;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

Result<void> Segment::scan(std::string_view prefix, const Visit& visit) const {
  if (groups_.empty()) return {};
  Terms terms(std::string_view(terms_).substr(groups_[group_of(prefix)]));
  while (terms.next()) {
    if (terms.text() < prefix) continue;
    if (!terms.text().starts_with(prefix)) return {};
    const Entry& entry = terms.entry();
    TermPostings postings;
    postings.docs_ = docs_;
    postings.size_ = entry.df;
    postings.most_ = entry.most;
    postings.offset_ = entry.offset;
    if (entry.df <= kMaxInlined) {
      postings.inlined_ = entry.inlined;
      if (entry.inlined[entry.df - 1].doc >= docs_) return damaged("terms");
    } else {
      auto page = store_->page({number_, PageKind::kPostings, entry.page}, as_it_is);
      if (!page) return tl::unexpected(page.error());
      if (entry.offset >= page->bytes().size()) return damaged("terms");
      postings.page_ = std::move(*page);
    }
    const auto go_on = visit(terms.text(), std::move(postings));
    if (!go_on) return tl::unexpected(go_on.error());
    if (!*go_on) return {};
  }
  return {};
}

Result<std::optional<Doc>> Segment::doc_of(const ContentId& content) const {
  const IdTable table(docs_);
  const std::uint32_t bucket = table.bucket_of(content);
  const std::uint32_t begin = packed_at(ids_.data(), bucket, table.bucket_width);
  const std::uint32_t end = std::min(packed_at(ids_.data(), bucket + 1, table.bucket_width), docs_);
  const std::uint32_t wanted = table.next_bits_of(content);
  for (std::uint32_t i = begin; i < end; ++i) {
    const std::uint32_t entry = packed_at(ids_.data() + table.entries, i, table.entry_width);
    if ((entry & 0xFF) != wanted) continue;
    const Doc doc = entry >> 8;
    if (doc >= docs_) return damaged("segment ids");
    const auto found = content_of(doc);
    if (!found) return tl::unexpected(found.error());
    if (*found == content) return std::optional<Doc>(doc);
  }
  return std::optional<Doc>();
}

Result<ContentId> Segment::content_of(Doc doc) const {
  const auto page =
      store_->page({number_, PageKind::kContents, doc / static_cast<std::uint32_t>(kContentsPerPage)}, as_it_is);
  if (!page) return tl::unexpected(page.error());
  const auto content = content_at(page->bytes(), doc % kContentsPerPage);
  if (!content) return damaged("contents");
  return *content;
}

Result<Page> Segment::records_page(std::uint32_t number) const {
  return store_->page(
      {number_, PageKind::kRecords, number}, [&](std::string_view packed) -> std::optional<std::string> {
        const auto columns = unpacker_->unpack(packed);
        auto bodies = columns ? bodies_of_columns(*columns) : std::nullopt;
        const Doc first = number * static_cast<Doc>(kRecordsPerPage);
        const auto contents =
            store_->page_once({number_, PageKind::kContents, first / static_cast<Doc>(kContentsPerPage)});
        if (!bodies || !contents) return std::nullopt;
        for (Doc i = first; i < docs_ && i < first + kRecordsPerPage; ++i) {
          const auto content = content_at(*contents, i % kContentsPerPage);
          if (!content) return std::nullopt;
          bodies->push_back(static_cast<char>(content->scheme));
          *bodies += as_text(content->digest);
        }
        return bodies;
      });
}

Result<Track> Segment::track(Doc doc) const {
  auto one = tracks(std::span(&doc, 1));
  if (!one) return tl::unexpected(one.error());
  return std::move((*one)[0]);
}

// All pages are asked for before the first record is read, so that memory brings them side by side.
Result<std::vector<Track>> Segment::tracks(std::span<const Doc> docs) const {
  constexpr std::size_t kContent = 1 + std::tuple_size_v<Digest32>;
  struct Place {
    std::string_view body;
    std::string_view content;
  };
  std::vector<Page> pages;
  std::vector<Place> places;
  pages.reserve(docs.size());
  places.reserve(docs.size());
  std::uint32_t last = 0xFFFFFFFF;
  for (const Doc doc : docs) {
    EARSHOT_CHECK(doc < docs_);
    const auto number = doc / static_cast<Doc>(kRecordsPerPage);
    if (number != last) {
      auto page = records_page(number);
      if (!page) return tl::unexpected(page.error());
      pages.push_back(std::move(*page));
      last = number;
    }
    const std::string_view bytes = pages.back().bytes();
    const std::size_t behind =
        std::min<std::size_t>(kRecordsPerPage, docs_ - number * kRecordsPerPage) - doc % kRecordsPerPage;
    const auto body = body_at(bytes, doc % kRecordsPerPage);
    if (!body || bytes.size() < behind * kContent) return damaged("record");
    places.push_back({*body, bytes.substr(bytes.size() - behind * kContent, kContent)});
    __builtin_prefetch(places.back().body.data());
    __builtin_prefetch(places.back().content.data());
  }
  std::vector<Track> tracks;
  tracks.reserve(docs.size());
  for (const Place& place : places) {
    auto track = decode_body(place.body);
    if (!track) return damaged("record");
    track->content.scheme = static_cast<Scheme>(place.content[0]);
    const ByteView digest = as_bytes(place.content.substr(1));
    std::copy(digest.begin(), digest.end(), track->content.digest.begin());
    tracks.push_back(std::move(*track));
  }
  return tracks;
}

Result<std::vector<Track>> Segment::tracks_of_page(std::uint32_t number) const {
  const auto packed = store_->page_once({number_, PageKind::kRecords, number});
  if (!packed) return tl::unexpected(packed.error());
  const auto columns = unpacker_->unpack(*packed);
  const auto bodies = columns ? bodies_of_columns(*columns) : std::nullopt;
  if (!bodies) return damaged("records");
  const Doc first = number * static_cast<Doc>(kRecordsPerPage);
  const auto contents = store_->page_once({number_, PageKind::kContents, first / static_cast<Doc>(kContentsPerPage)});
  if (!contents) return tl::unexpected(contents.error());
  std::vector<Track> tracks;
  for (Doc doc = first; doc < docs_ && doc < first + kRecordsPerPage; ++doc) {
    const auto body = body_at(*bodies, doc % kRecordsPerPage);
    auto track = body ? decode_body(*body) : std::nullopt;
    const auto content = content_at(*contents, doc % kContentsPerPage);
    if (!track || !content) return damaged("records");
    track->content = *content;
    tracks.push_back(std::move(*track));
  }
  return tracks;
}

}  // namespace earshot::index
