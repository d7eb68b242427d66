// Tokens of five fields, sorted and counted.
#include "index/terms.h"

#include <xxhash.h>

#include <algorithm>

namespace earshot::index {

std::size_t TermHash::operator()(std::string_view term) const {
  return XXH3_64bits(term.data(), term.size());
}

void TrackTerms::read(const Track& track) {
  tokens_.clear();
  weights_.clear();
  terms_.clear();
  sum_ = 0;
  add(track.title, kTitleWeight);
  add(track.artist, kArtistWeight);
  add(track.album, kAlbumWeight);
  add(track.genre, kGenreWeight);
  add(track.publisher, kPublisherWeight);
  if (track.year != 0) add(std::to_string(track.year), kYearWeight);
  if (track.artist.empty()) sum_ += kNoArtistLength;
  if (track.album.empty()) sum_ += kNoAlbumLength;
  if (track.duration_ms == 0) sum_ += kNoDurationLength;
  if (track.content.scheme == Scheme::kDescribed) sum_ += kNoContentLength;
  length_ = static_cast<std::uint8_t>(std::min(sum_, kMaxCount));

  for (std::size_t i = 0; i < tokens_.size(); ++i) terms_.push_back({tokens_[i].term, weights_[i], 0});
  std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) { return a.text < b.text; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (kept > 0 && terms_[kept - 1].text == terms_[i].text) {
      const unsigned count = unsigned{terms_[kept - 1].count} + terms_[i].count;
      terms_[kept - 1].count = static_cast<std::uint8_t>(std::min(count, kMaxCount));
    } else {
      terms_[kept++] = terms_[i];
    }
  }
  terms_.resize(kept);
  for (Term& term : terms_) term.hash = TermHash()(term.text);
}

void TrackTerms::add(std::string_view text, unsigned weight) {
  const std::size_t first = tokens_.size();
  tokenizer_->append(text, tokens_);
  for (std::size_t i = first; i < tokens_.size(); ++i) {
    weights_.push_back(static_cast<std::uint8_t>(weight));
    if (!is_extra(tokens_[i].kind)) sum_ += weight;
  }
  add_spellings(text, weight, first);
}

// In Latin letters: a word counts once, however many spellings share it, and not for the track's length. `first`: the token
// at which this text began.
void TrackTerms::add_spellings(std::string_view text, unsigned weight, std::size_t first) {
  for (const std::string& spelling : tokenizer_->latin_spellings(text)) {
    const std::size_t begin = tokens_.size();
    tokenizer_->append(spelling, tokens_);
    for (std::size_t i = begin; i < tokens_.size(); ++i) {
      bool is_known = false;
      for (std::size_t known = first; known < i && !is_known; ++known) is_known = tokens_[known].term == tokens_[i].term;
      weights_.push_back(static_cast<std::uint8_t>(is_known ? 0 : weight));
    }
  }
}

}  // namespace earshot::index
