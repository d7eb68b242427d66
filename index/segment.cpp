// Reading the pages of one segment.
#include "index/segment.h"

#include <algorithm>
#include <tuple>

#include "index/bits.h"
#include "index/edits.h"
#include "index/records.h"
#include "index/tokenizer.h"
#include "index/varint.h"
#include "schema/check.h"
#include "schema/prefetch.h"

namespace earshot::index {

namespace {

constexpr std::uint8_t kMixedSchemes = 0xFF;

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

bool is_less(char a, char b) {
  return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
}

std::uint32_t pages_of(std::uint32_t docs, std::size_t per_page) {
  return static_cast<std::uint32_t>((docs + per_page - 1) / per_page);
}

std::string with_padding(std::string page) {
  page.append(kPadding, '\0');
  page.shrink_to_fit();
  return page;
}

std::string_view without_padding(const std::string& page) {
  return std::string_view(page).substr(0, page.size() - kPadding);
}

// Of 32 KiB or more each; a segment has 16 Mi documents of at most 255 postings, most of less than a byte.
constexpr std::uint32_t kMaxPostingsPages = 1u << 20;

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
  return {list_, size_, docs_, most_};
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

Result<std::shared_ptr<const Segment>> Segment::open(const Store& store, PageCache& cache, std::uint32_t number) {
  const std::shared_ptr<Segment> segment(new Segment(store, cache, number));
  auto header = store.page({number, PageKind::kHeader, 0});
  if (!header) return tl::unexpected(header.error());
  if (!segment->read_header(*header)) return store.damaged("segment header");
  auto ids = store.page({number, PageKind::kIds, 0});
  if (!ids) return tl::unexpected(ids.error());
  if (ids->size() != IdTable(segment->docs_).size) return store.damaged("segment ids");
  segment->ids_ = std::move(*ids);
  segment->ids_.append(kPadding, '\0');
  auto terms = store.page({number, PageKind::kTerms, 0});
  if (!terms) return tl::unexpected(terms.error());
  if (!segment->read_terms(std::move(*terms))) return store.damaged("segment terms");
  const auto dictionary = store.page({number, PageKind::kDictionary, 0});
  if (!dictionary) return tl::unexpected(dictionary.error());
  segment->unpacker_ = std::make_unique<ColumnUnpacker>(*dictionary);
  if (auto opened = segment->open_numbers(); !opened) return tl::unexpected(opened.error());
  segment->postings_ = std::make_unique<PageSlot[]>(segment->postings_pages_);
  segment->records_ = std::make_unique<PageSlot[]>(pages_of(segment->docs_, kRecordsPerPage));
  segment->contents_ = std::make_unique<PageSlot[]>(pages_of(segment->docs_, kContentsPerPage));
  return std::shared_ptr<const Segment>(segment);
}

Segment::~Segment() {
  if (!postings_) return;
  cache_->forget({postings_.get(), postings_pages_});
  cache_->forget({records_.get(), pages_of(docs_, kRecordsPerPage)});
  cache_->forget({contents_.get(), pages_of(docs_, kContentsPerPage)});
}

Result<void> Segment::open_numbers() {
  auto page = format_ == 1 ? numbers_of_format_1() : store_->page({number_, PageKind::kNumbers, 0});
  if (!page) return tl::unexpected(page.error());
  auto numbers = Numbers::from(std::move(*page), docs_);
  if (!numbers) return damaged("segment numbers");
  numbers_ = std::move(*numbers);
  return {};
}

// Format 1 kept them in its record pages: all are read, 5 us each.
Result<std::string> Segment::numbers_of_format_1() const {
  NumbersBuilder builder;
  for (Doc first = 0; first < docs_; first += static_cast<Doc>(kRecordsPerPage)) {
    const auto packed = store_->page({number_, PageKind::kRecords, first / static_cast<Doc>(kRecordsPerPage)});
    if (!packed) return tl::unexpected(packed.error());
    const auto columns = unpacker_->unpack(*packed);
    std::vector<Track> tracks(std::min<std::size_t>(kRecordsPerPage, docs_ - first));
    if (!columns || !read_numbers(*columns, tracks)) return damaged("records");
    for (const Track& track : tracks) builder.add(track);
  }
  return builder.finish();
}

bool Segment::read_header(std::string_view in) {
  const auto format = take_varint<std::uint32_t>(in);
  const auto docs = take_varint<std::uint32_t>(in);
  if (!format || *format == 0 || *format > kSegmentFormat || !docs || *docs == 0 || *docs > kMaxSegmentDocs) return false;
  format_ = *format;
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
  TermPage terms(terms_);
  for (std::size_t i = 0, begin = 0; terms.next(); ++i) {
    if (i % kTermsPerGroup == 0) {
      if (terms.shares()) return false;
      groups_.push_back(static_cast<std::uint32_t>(begin));
      group_heads_.push_back(head_of(terms.text()));
    }
    begin = terms_.size() - terms.rest().size();
    masks_.add(terms.text());
    if (terms.entry().df > kMaxInlined) {
      if (terms.entry().page >= kMaxPostingsPages) return false;
      postings_pages_ = std::max(postings_pages_, terms.entry().page + 1);
    }
  }
  masks_.shrink_to_fit();
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

// A term of the group shares `shared` bytes with the one before, which shares `same` with the wanted one: with more, it
// differs where the one before did; with fewer, it is past the wanted one.
Result<std::optional<TermPostings>> Segment::find(std::string_view wanted) const {
  if (groups_.empty()) return std::optional<TermPostings>();
  std::string_view rest = std::string_view(terms_).substr(groups_[group_of(wanted)]);
  std::size_t same = 0;
  for (std::size_t i = 0; i < kTermsPerGroup && !rest.empty(); ++i) {
    const auto shared = take_varint<std::uint32_t>(rest);
    const auto size = take_varint<std::uint32_t>(rest);
    if (!shared || !size || *size > rest.size()) return damaged("terms");
    const std::string_view suffix = rest.substr(0, *size);
    rest.remove_prefix(*size);
    TermEntry entry;
    if (!take_entry(rest, entry)) return damaged("terms");
    if (*shared < same) return std::optional<TermPostings>();
    if (*shared > same) continue;
    const std::string_view tail = wanted.substr(same);
    const auto [end, other] = std::mismatch(tail.begin(), tail.end(), suffix.begin(), suffix.end());
    same += static_cast<std::size_t>(end - tail.begin());
    if (end == tail.end() && other == suffix.end()) {
      auto postings = postings_at(entry);
      if (!postings) return tl::unexpected(postings.error());
      return std::optional<TermPostings>(std::move(*postings));
    }
    if (end == tail.end() || (other != suffix.end() && is_less(*end, *other))) return std::optional<TermPostings>();
  }
  return std::optional<TermPostings>();
}

Result<TermPostings> Segment::postings_at(const TermEntry& entry) const {
  TermPostings postings;
  postings.docs_ = docs_;
  postings.size_ = entry.df;
  postings.most_ = entry.most;
  if (entry.df <= kMaxInlined) {
    postings.inlined_ = entry.inlined;
    if (entry.inlined[entry.df - 1].doc >= docs_) return damaged("terms");
    return postings;
  }
  const auto page = postings_page(entry.page);
  if (!page) return tl::unexpected(page.error());
  if (entry.offset >= page->size()) return damaged("terms");
  postings.list_ = page->substr(entry.offset);
  return postings;
}

Result<void> Segment::scan(std::string_view prefix, const Visit& visit) const {
  if (groups_.empty()) return {};
  TermPage terms(std::string_view(terms_).substr(groups_[group_of(prefix)]));
  while (terms.next()) {
    if (terms.text() < prefix) continue;
    if (!terms.text().starts_with(prefix)) return {};
    auto postings = postings_at(terms.entry());
    if (!postings) return tl::unexpected(postings.error());
    const auto go_on = visit(terms.text(), std::move(*postings));
    if (!go_on) return tl::unexpected(go_on.error());
    if (!*go_on) return {};
  }
  return {};
}

Result<Postings> Segment::AllTerms::postings() {
  const TermEntry& entry = terms_.entry();
  if (entry.df <= kMaxInlined) {
    if (entry.inlined[entry.df - 1].doc >= segment_->docs_) return segment_->damaged("terms");
    return Postings(entry.inlined.begin(), entry.inlined.begin() + entry.df);
  }
  if (entry.page != page_number_) {
    auto stored = segment_->store_->page({segment_->number_, PageKind::kPostings, entry.page});
    if (!stored) return tl::unexpected(stored.error());
    page_ = with_padding(std::move(*stored));
    page_number_ = entry.page;
  }
  const std::string_view page = without_padding(page_);
  if (entry.offset >= page.size()) return segment_->damaged("terms");
  Postings postings = read_all(Cursor(page.substr(entry.offset), entry.df, segment_->docs_, entry.most));
  if (postings.size() != entry.df) return segment_->damaged("postings");
  return postings;
}

Result<void> Segment::visit_near(std::string_view word, unsigned most, const VisitNear& visit) const {
  std::vector<std::uint32_t> candidates;
  masks_.find(word, most, candidates);
  Edits edits(word, most);
  for (const std::uint32_t candidate : candidates) {
    TermPage terms(std::string_view(terms_).substr(groups_[candidate / kTermsPerGroup]));
    for (std::size_t i = 0; i <= candidate % kTermsPerGroup; ++i) {
      if (!terms.next()) return damaged("terms");
    }
    const auto distance = edits.from(terms.text());
    if (!distance) continue;
    const auto postings = postings_at(terms.entry());
    if (!postings) return tl::unexpected(postings.error());
    const auto go_on = visit(*distance, *postings);
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

void Segment::prefetch(std::span<const ContentId> contents) const {
  const IdTable table(docs_);
  for (const ContentId& content : contents) {
    earshot::prefetch(ids_.data() + std::size_t{table.bucket_of(content)} * table.bucket_width / 8);
  }
  for (const ContentId& content : contents) {
    const std::size_t begin = packed_at(ids_.data(), table.bucket_of(content), table.bucket_width);
    earshot::prefetch(ids_.data() + table.entries + begin * table.entry_width / 8);
  }
}

// Pages in memory are followed by kPadding.
Result<std::string_view> Segment::content_page(std::uint32_t number) const {
  if (const std::string* page = cache_->look(contents_[number])) return without_padding(*page);
  auto stored = store_->page({number_, PageKind::kContents, number});
  if (!stored) return tl::unexpected(stored.error());
  return without_padding(*cache_->keep(contents_[number], with_padding(std::move(*stored))));
}

Result<ContentId> Segment::content_of(Doc doc) const {
  const auto page = content_page(doc / static_cast<std::uint32_t>(kContentsPerPage));
  if (!page) return tl::unexpected(page.error());
  const auto content = content_at(*page, doc % kContentsPerPage);
  if (!content) return damaged("contents");
  return *content;
}

Result<std::string_view> Segment::postings_page(std::uint32_t number) const {
  if (const std::string* page = cache_->look(postings_[number])) return without_padding(*page);
  auto stored = store_->page({number_, PageKind::kPostings, number});
  if (!stored) return tl::unexpected(stored.error());
  return without_padding(*cache_->keep(postings_[number], with_padding(std::move(*stored))));
}

// The head of a record in memory: the track's content id and numbers.
Result<std::string> Segment::unpacked_records(std::uint32_t number) const {
  const auto packed = store_->page({number_, PageKind::kRecords, number});
  if (!packed) return tl::unexpected(packed.error());
  const Doc first = number * static_cast<Doc>(kRecordsPerPage);
  const auto contents = store_->page({number_, PageKind::kContents, first / static_cast<Doc>(kContentsPerPage)});
  if (!contents) return tl::unexpected(contents.error());
  const auto put_head = [&](std::size_t i, std::string& out) {
    const Doc doc = first + static_cast<Doc>(i);
    const auto content = doc < docs_ ? content_at(*contents, doc % kContentsPerPage) : std::nullopt;
    if (!content) return false;
    out.push_back(static_cast<char>(content->scheme));
    out += as_text(content->digest);
    numbers_.copy(doc, out);
    return true;
  };
  const auto columns = unpacker_->unpack(*packed);
  auto records = columns ? memory_of_columns(*columns, put_head) : std::nullopt;
  if (!records) return damaged("records");
  return std::move(*records);
}

Result<std::string_view> Segment::records_page(std::uint32_t number) const {
  if (const std::string* page = cache_->look(records_[number])) return std::string_view(*page);
  auto unpacked = unpacked_records(number);
  if (!unpacked) return tl::unexpected(unpacked.error());
  unpacked->shrink_to_fit();
  return std::string_view(*cache_->keep(records_[number], std::move(*unpacked)));
}

Result<Track> Segment::track(Doc doc) const {
  Track track;
  if (auto read = read_tracks(std::span(&doc, 1), [&](std::size_t) -> Track& { return track; }); !read)
    return tl::unexpected(read.error());
  return track;
}

namespace {

constexpr std::size_t kContent = 1 + std::tuple_size_v<Digest32>;
constexpr std::size_t kHead = kContent + Numbers::kCopied;

bool read_record(std::string_view record, const Numbers& numbers, Track& track) {
  if (record.size() < kHead) return false;
  track.content.scheme = static_cast<Scheme>(record[0]);
  const ByteView digest = as_bytes(record.substr(1, kContent - 1));
  std::copy(digest.begin(), digest.end(), track.content.digest.begin());
  numbers.fill(record.data() + kContent, track);
  return read_body(record.substr(kHead), track);
}

}  // namespace

// Each step asks memory for what the next one reads, for all tracks at once.
Result<void> Segment::read_tracks(std::span<const Doc> docs, const TrackAt& track_at) const {
  constexpr std::size_t kLine = 64;
  std::vector<std::string_view> places;  // the page, then the record
  places.reserve(docs.size());
  for (const Doc doc : docs) {
    EARSHOT_CHECK(doc < docs_);
    earshot::prefetch(&records_[doc / static_cast<Doc>(kRecordsPerPage)]);
  }
  for (const Doc doc : docs) {
    const auto page = records_page(doc / static_cast<Doc>(kRecordsPerPage));
    if (!page) return tl::unexpected(page.error());
    places.push_back(*page);
    earshot::prefetch(page->data());
    earshot::prefetch(page->data() + 1 + doc % kRecordsPerPage * sizeof(std::uint32_t));
  }
  for (std::size_t i = 0; i < docs.size(); ++i) {
    const auto record = record_at(places[i], docs[i] % kRecordsPerPage);
    if (!record) return damaged("record");
    places[i] = *record;
    for (std::size_t at = 0; at < record->size(); at += kLine) earshot::prefetch(record->data() + at);
  }
  for (std::size_t i = 0; i < docs.size(); ++i) {
    if (!read_record(places[i], numbers_, track_at(i))) return damaged("record");
  }
  return {};
}

Result<Texts> Segment::texts(Doc doc) const {
  EARSHOT_CHECK(doc < docs_);
  const auto page = records_page(doc / static_cast<Doc>(kRecordsPerPage));
  if (!page) return tl::unexpected(page.error());
  const auto record = record_at(*page, doc % kRecordsPerPage);
  const auto texts = record && record->size() >= kHead ? texts_of_body(record->substr(kHead)) : std::nullopt;
  if (!texts) return damaged("record");
  return *texts;
}

Result<std::vector<Track>> Segment::tracks_of_page(std::uint32_t number) const {
  const auto page = unpacked_records(number);
  if (!page) return tl::unexpected(page.error());
  const Doc first = number * static_cast<Doc>(kRecordsPerPage);
  std::vector<Track> tracks(std::min<std::size_t>(kRecordsPerPage, docs_ - first));
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const auto record = record_at(*page, i);
    if (!record || !read_record(*record, numbers_, tracks[i])) return damaged("records");
  }
  return tracks;
}

}  // namespace earshot::index
