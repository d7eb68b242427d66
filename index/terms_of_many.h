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
      terms_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint8_t>(term.text.size()), term.count, term.hash});
      text_ += term.text;
    }
  }

  std::size_t tracks() const { return tracks_.size(); }
  std::uint8_t length_of(std::size_t track) const { return tracks_[track].length; }

  /// The terms of a track, in the order they were added; none behind the last track.
  void read(std::size_t track, std::vector<TrackTerms::Term>& terms) const {
    terms.clear();
    if (track >= tracks_.size()) return;
    const std::size_t end = track + 1 < tracks_.size() ? tracks_[track + 1].begin : terms_.size();
    for (std::size_t at = tracks_[track].begin; at < end; ++at) {
      const Slice& slice = terms_[at];
      terms.push_back({std::string_view(text_).substr(slice.begin, slice.size), slice.count, slice.hash});
    }
  }

 private:
  static_assert(kMaxTerm <= UINT8_MAX);
  struct Slice {
    std::uint32_t begin;  // in text_: kMaxTracksPerAdd texts of a few KiB
    std::uint8_t size;
    std::uint8_t count;
    std::uint64_t hash;
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
