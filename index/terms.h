// A track as the index sees it: its distinct terms with their weighted counts, and its weighted length.
//
// Fields are weighed as in Robertson, Zaragoza and Taylor, "Simple BM25 Extension to Multiple Weighted Fields" (2004):
// a term in a field of weight w counts w times, and so does the field's length. The weights are a guess until a
// scenario with judged answers measures them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/tokenizer.h"
#include "schema/track.h"

namespace earshot::index {

inline constexpr unsigned kTitleWeight = 4;
inline constexpr unsigned kArtistWeight = 4;
inline constexpr unsigned kAlbumWeight = 2;
inline constexpr unsigned kGenreWeight = 1;
inline constexpr unsigned kPublisherWeight = 1;
inline constexpr unsigned kYearWeight = 1;

/// What a track does not tell makes it longer, so that a bare title does not win by being short: a missing artist or
/// album counts as two words of it; without a length, or without a content to fetch, it is less likely what is wanted.
inline constexpr unsigned kNoArtistLength = 2 * kArtistWeight;
inline constexpr unsigned kNoAlbumLength = 2 * kAlbumWeight;
inline constexpr unsigned kNoDurationLength = 2;
inline constexpr unsigned kNoContentLength = 2;

/// Counts and lengths are stored in one byte; larger ones are clamped, which costs rank only in texts of 64 words.
inline constexpr unsigned kMaxCount = 255;

/// For tables of terms, looked up by views of them.
struct TermHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view term) const;
};

class TrackTerms {
 public:
  struct Term {
    std::string_view text;
    std::uint8_t count = 0;  // weighted, at least 1
    std::uint64_t hash = 0;  // TermHash of the text
  };

  explicit TrackTerms(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  /// Replaces the terms by those of `track`.
  void read(const Track& track);

  /// Distinct, in byte order; valid until the next read.
  const std::vector<Term>& terms() const { return terms_; }
  std::uint8_t length() const { return length_; }

 private:
  void add(std::string_view text, unsigned weight);
  void add_spellings(std::string_view text, unsigned weight, std::size_t first);

  const Tokenizer* tokenizer_;
  Tokens tokens_;
  std::vector<std::uint8_t> weights_;  // of each token
  std::vector<Term> terms_;
  unsigned sum_ = 0;
  std::uint8_t length_ = 0;
};

}  // namespace earshot::index
