// Reading, writing and combining lists of postings.
#include "index/postings.h"

#include <algorithm>

#include "index/terms.h"
#include "index/varint.h"

namespace earshot::index {

namespace {

std::uint8_t sum_of(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(std::min(unsigned{a} + b, kMaxCount));
}

bool by_doc(const Posting& a, const Posting& b) { return a.doc < b.doc; }

}  // namespace

std::string encode(const Postings& postings) {
  std::string out;
  out.reserve(4 + postings.size() * 4);
  put_varint(out, postings.size());
  std::uint32_t next = 0;
  for (const Posting& posting : postings) {
    put_varint(out, posting.doc - next);
    out.push_back(static_cast<char>(posting.count));
    out.push_back(static_cast<char>(posting.length));
    next = posting.doc + 1u;
  }
  return out;
}

std::optional<Postings> decode_postings(std::string_view bytes) {
  const auto count = take_varint<std::uint32_t>(bytes);
  // A posting takes three bytes at least: a claimed count cannot make us reserve more than the bytes bear out.
  if (!count || *count > kSegmentDocs || *count * std::size_t{3} > bytes.size()) return std::nullopt;
  Postings postings;
  postings.reserve(*count);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto gap = take_varint<std::uint16_t>(bytes);
    if (!gap || next + *gap >= kSegmentDocs || bytes.size() < 2) return std::nullopt;
    next += *gap;
    postings.push_back({static_cast<Doc>(next), static_cast<std::uint8_t>(bytes[0]), static_cast<std::uint8_t>(bytes[1])});
    bytes.remove_prefix(2);
    ++next;
  }
  if (!bytes.empty()) return std::nullopt;
  return postings;
}

std::optional<std::uint32_t> count_postings(std::string_view bytes) { return take_varint<std::uint32_t>(bytes); }

Postings united(const Postings& a, const Postings& b) {
  Postings both;
  both.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both), by_doc);
  merge_duplicates(both);
  return both;
}

Postings intersected(const Postings& a, const Postings& b) {
  Postings both;
  auto other = b.begin();
  for (const Posting& posting : a) {
    while (other != b.end() && other->doc < posting.doc) ++other;
    if (other == b.end()) break;
    if (other->doc == posting.doc) both.push_back({posting.doc, std::min(posting.count, other->count), posting.length});
  }
  return both;
}

void merge_duplicates(Postings& postings) {
  if (!std::is_sorted(postings.begin(), postings.end(), by_doc)) std::sort(postings.begin(), postings.end(), by_doc);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < postings.size(); ++i) {
    if (kept > 0 && postings[kept - 1].doc == postings[i].doc) {
      postings[kept - 1].count = sum_of(postings[kept - 1].count, postings[i].count);
    } else {
      postings[kept++] = postings[i];
    }
  }
  postings.resize(kept);
}

bool erase(Postings& postings, Doc doc) {
  const auto at = std::lower_bound(postings.begin(), postings.end(), Posting{doc, 0, 0}, by_doc);
  if (at == postings.end() || at->doc != doc) return false;
  postings.erase(at);
  return true;
}

}  // namespace earshot::index
