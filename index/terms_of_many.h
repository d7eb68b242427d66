// Terms of many tracks, copied once from the tokenizer, so that memory is brought up to a change without cutting texts
// under a lock.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "index/terms.h"

namespace earshot::index {

class TermsOfMany {
 public:
  void add(const TrackTerms& terms) {
    tracks_.push_back({terms_.size(), terms.length()});
    for (const auto& term : terms.terms()) {
      terms_.push_back({text_.size(), term.text.size(), term.count});
      text_ += term.text;
    }
  }

  /// visit(number, terms, length) for each track, in the order they were added.
  template <class Visit>
  void visit(const Visit& visit) const {
    std::vector<TrackTerms::Term> terms;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      terms.clear();
      const std::size_t end = i + 1 < tracks_.size() ? tracks_[i + 1].begin : terms_.size();
      for (std::size_t at = tracks_[i].begin; at < end; ++at) {
        terms.push_back({std::string_view(text_).substr(terms_[at].begin, terms_[at].size), terms_[at].count});
      }
      visit(i, terms, tracks_[i].length);
    }
  }

 private:
  struct Slice {
    std::size_t begin;
    std::size_t size;
    std::uint8_t count;
  };
  struct Slices {
    std::size_t begin;
    std::uint8_t length;
  };
  std::string text_;
  std::vector<Slice> terms_;
  std::vector<Slices> tracks_;
};

}  // namespace earshot::index
