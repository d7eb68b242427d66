// The terms of a live segment for the segment that it becomes: copied while nothing changes, sorted later.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "index/segment_builder.h"

namespace earshot::index {

class LiveTerms final : public TermSource {
 public:
  /// One term of the live segment, before next() is called.
  void add(std::string_view text, const Postings& postings);

  /// Numbers documents anew and sorts everything. `new_docs` by the old number: below `docs` for every posting.
  void renumber(const std::vector<Doc>& new_docs, std::uint32_t docs);

  Result<bool> next() override { return ++at_ < terms_.size(); }
  std::string_view text() const override { return text_of(terms_[at_]); }
  std::span<const Posting> postings() const override {
    return std::span(postings_).subspan(terms_[at_].first, terms_[at_].count);
  }

 private:
  struct Term {
    std::size_t begin = 0;  // in texts_
    std::size_t size = 0;
    std::size_t first = 0;  // in postings_
    std::size_t count = 0;
  };
  std::string_view text_of(const Term& term) const { return std::string_view(texts_).substr(term.begin, term.size); }

  std::string texts_;
  Postings postings_;
  std::vector<Term> terms_;
  std::size_t at_ = static_cast<std::size_t>(-1);
};

/// Sorts the postings of one term by document. REQUIRES: all are below counts.size(), which are 0 and are left so.
void sort_by_doc(std::span<Posting> postings, std::vector<std::uint8_t>& counts);

}  // namespace earshot::index
