// Combining postings.
#include "index/postings.h"

#include <algorithm>
#include <iterator>

#include "index/terms.h"

namespace earshot::index {

namespace {

std::uint8_t sum_of(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(std::min(unsigned{a} + b, kMaxCount));
}

bool by_doc(const Posting& a, const Posting& b) {
  return a.doc < b.doc;
}

}  // namespace

Postings united(const Postings& a, const Postings& b) {
  Postings both;
  both.reserve(a.size() + b.size());
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() && right != b.end()) {
    if (left->doc == right->doc) {
      both.push_back({left->doc, sum_of(left->count, right->count)});
      ++left;
      ++right;
    } else {
      both.push_back(left->doc < right->doc ? *left++ : *right++);
    }
  }
  both.insert(both.end(), left, a.end());
  both.insert(both.end(), right, b.end());
  return both;
}

Postings intersected(const Postings& a, const Postings& b) {
  Postings both;
  auto other = b.begin();
  for (const Posting& posting : a) {
    while (other != b.end() && other->doc < posting.doc) ++other;
    if (other == b.end()) break;
    if (other->doc == posting.doc) both.push_back({posting.doc, std::min(posting.count, other->count)});
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
  const auto at = std::lower_bound(postings.begin(), postings.end(), Posting{doc, 0}, by_doc);
  if (at == postings.end() || at->doc != doc) return false;
  postings.erase(at);
  return true;
}

}  // namespace earshot::index
