// Sorted (key, digest) pairs, a page for each beginning of keys.
#include "index/digest_segment.h"

#include <algorithm>

#include "index/bits.h"
#include "index/posting_list.h"
#include "index/varint.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::uint32_t kMaxInlinedOwners = 3;
constexpr unsigned kMaxBits = 16;
// Of a page, so that it is read in a microsecond.
constexpr std::size_t kPostingsPerPage = 256;

struct KeyOwner {
  DigestKey key;
  Doc doc;
};

DigestKey rest_of(DigestKey key, unsigned bits) {
  return static_cast<DigestKey>(key & (0xFFFFFFFFull >> bits));
}

void put_entry(std::string& page, DigestKey gap, std::span<const KeyOwner> pairs, std::uint32_t docs) {
  put_varint(page, gap);
  put_varint(page, pairs.size());
  if (pairs.size() <= kMaxInlinedOwners) {
    Doc next = 0;
    for (const KeyOwner& pair : pairs) {
      put_varint(page, pair.doc - next);
      next = pair.doc + 1;
    }
    return;
  }
  Postings postings;
  for (const KeyOwner& pair : pairs) postings.push_back({pair.doc, 1});
  const std::string list = encode_list(postings, docs);
  put_varint(page, list.size());
  page += list;
}

}  // namespace

std::vector<NewPage> build_digest_segment(std::span<const DigestOf> digests) {
  std::vector<KeyOwner> pairs;
  std::string header;
  std::uint32_t before = 0;
  for (Doc doc = 0; doc < digests.size(); ++doc) {
    for (const DigestKey key : digests[doc].keys) pairs.push_back({key, doc});
  }
  EARSHOT_CHECK(!pairs.empty());
  std::sort(pairs.begin(), pairs.end(),
            [](const KeyOwner& a, const KeyOwner& b) { return a.key != b.key ? a.key < b.key : a.doc < b.doc; });
  const unsigned bits = std::min(kMaxBits, width_of(static_cast<std::uint32_t>(pairs.size() / kPostingsPerPage)));
  put_varint(header, kDigestSegmentFormat);
  put_varint(header, bits);
  for (const DigestOf& digest : digests) {
    put_varint(header, digest.owner - before);
    before = digest.owner;
  }
  std::vector<NewPage> pages;
  pages.push_back({PageKind::kHeader, 0, std::move(header)});
  const auto page_of = [bits](DigestKey key) { return static_cast<std::uint32_t>(std::uint64_t{key} >> (32 - bits)); };
  for (std::size_t at = 0; at < pairs.size();) {
    const std::uint32_t number = page_of(pairs[at].key);
    NewPage page{PageKind::kTerms, number, {}};
    DigestKey last = 0;
    while (at < pairs.size() && page_of(pairs[at].key) == number) {
      std::size_t end = at + 1;
      while (end < pairs.size() && pairs[end].key == pairs[at].key) ++end;
      const DigestKey rest = rest_of(pairs[at].key, bits);
      put_entry(page.bytes, rest - last, std::span(pairs).subspan(at, end - at),
                static_cast<std::uint32_t>(digests.size()));
      last = rest;
      at = end;
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

Result<std::shared_ptr<const DigestSegment>> DigestSegment::open(const Store& store, PageCache& cache,
                                                                 std::uint32_t number) {
  const std::shared_ptr<DigestSegment> segment(new DigestSegment(store, cache, number));
  const auto header = store.page(Family::kDigests, {number, PageKind::kHeader, 0});
  if (!header) return tl::unexpected(header.error());
  if (!segment->read_header(*header)) return store.damaged("digest header");
  segment->pages_ = std::make_unique<PageSlot[]>(std::size_t{1} << segment->bits_);
  return std::shared_ptr<const DigestSegment>(segment);
}

DigestSegment::~DigestSegment() {
  if (pages_) cache_->forget({pages_.get(), std::size_t{1} << bits_});
}

bool DigestSegment::read_header(std::string_view in) {
  const auto format = take_varint<std::uint32_t>(in);
  const auto bits = take_varint<std::uint32_t>(in);
  if (format != kDigestSegmentFormat || !bits || *bits > kMaxBits) return false;
  bits_ = *bits;
  std::uint32_t owner = 0;
  while (!in.empty()) {
    const auto gap = take_varint<std::uint32_t>(in);
    if (!gap || (*gap == 0 && !owners_.empty())) return false;
    owners_.push_back(owner += *gap);
  }
  return !owners_.empty();
}

Result<Postings> DigestSegment::find(DigestKey key) const {
  const auto number = static_cast<std::uint32_t>(std::uint64_t{key} >> (32 - bits_));
  const std::string* page = cache_->look(pages_[number]);
  if (page == nullptr) {
    auto stored = store_->page_if_there(Family::kDigests, {number_, PageKind::kTerms, number});
    if (!stored) return tl::unexpected(stored.error());
    std::string bytes = std::move(*stored).value_or(std::string());
    bytes.append(kPadding, '\0');
    page = cache_->keep(pages_[number], std::move(bytes));
  }
  auto found = find_in(std::string_view(*page).substr(0, page->size() - kPadding), rest_of(key, bits_));
  if (!found) return store_->damaged("digest page");
  return std::move(*found);
}

std::optional<Postings> DigestSegment::find_in(std::string_view page, DigestKey rest) const {
  const auto docs = static_cast<std::uint32_t>(owners_.size());
  Postings found;
  for (DigestKey at = 0; !page.empty();) {
    const auto gap = take_varint<std::uint32_t>(page);
    const auto df = take_varint<std::uint32_t>(page);
    if (!gap || !df || *df == 0 || *df > docs) return std::nullopt;
    at += *gap;
    if (at > rest) return found;
    if (*df > kMaxInlinedOwners) {
      const auto size = take_varint<std::uint32_t>(page);
      if (!size || *size > page.size()) return std::nullopt;
      if (at == rest) {
        found = read_all(Cursor(page.substr(0, *size), *df, docs, 1));
        return found.size() == *df ? std::optional(std::move(found)) : std::nullopt;
      }
      page.remove_prefix(*size);
      continue;
    }
    Doc next = 0;
    for (std::uint32_t i = 0; i < *df; ++i) {
      const auto doc_gap = take_varint<std::uint32_t>(page);
      if (!doc_gap || *doc_gap >= docs || next + *doc_gap >= docs) return std::nullopt;
      if (at == rest) found.push_back({next + *doc_gap, 1});
      next += *doc_gap + 1;
    }
    if (at == rest) return found;
  }
  return found;
}

}  // namespace earshot::index
