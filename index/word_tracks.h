// How many tracks have a word of a query, for BM25: summed up over live and sealed segments term by term, so that it is
// the same however tracks lie in segments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "index/query.h"

namespace earshot::index {

class WordTracks {
 public:
  explicit WordTracks(const Word& word) : word_(&word) {
    if (const auto* compound = std::get_if<Compound>(word_)) {
      spellings_.resize(compound->spellings.size());
      parts_.resize(compound->parts.size());
    }
  }

  /// visit(text of a term, its number of tracks) for a term, or each of a compound; not for words of many terms.
  template <class Visit>
  void visit_terms(const Visit& visit) {
    if (const auto* term = std::get_if<Term>(word_)) visit(term->text, tracks_);
    const auto* compound = std::get_if<Compound>(word_);
    if (compound == nullptr) return;
    for (std::size_t i = 0; i < spellings_.size(); ++i) visit(compound->spellings[i], spellings_[i]);
    for (std::size_t i = 0; i < parts_.size(); ++i) visit(compound->parts[i], parts_[i]);
  }

  /// Of a word of many terms.
  void add(std::size_t tracks) { tracks_ += static_cast<std::int64_t>(tracks); }

  /// Of a compound an estimate: as many as its commonest spelling has, and where none is known the rarest of its parts.
  std::uint64_t total() const {
    std::int64_t total = parts_.size() == 1 ? std::max(tracks_, parts_[0]) : tracks_;
    for (const std::int64_t tracks : spellings_) total = std::max(total, tracks);
    if (total <= 0 && !parts_.empty()) total = *std::min_element(parts_.begin(), parts_.end());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0));
  }

 private:
  const Word* word_;
  std::int64_t tracks_ = 0;  // signed: what is gone may be taken off first
  std::vector<std::int64_t> spellings_;
  std::vector<std::int64_t> parts_;
};

}  // namespace earshot::index
