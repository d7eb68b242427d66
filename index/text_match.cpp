// Runs in token lists.
#include "index/text_match.h"

namespace earshot::index {

Texts texts_of(const Track& track) {
  return {track.title, track.artist, track.album, track.genre, track.publisher};
}

bool TextMatch::holds(const InText& wanted, const Texts& texts) {
  for (std::size_t field = 0; field < texts.size(); ++field) {
    if (texts[field].empty() || (wanted.field && static_cast<std::size_t>(*wanted.field) != field)) continue;
    if (stands_in(wanted.runs, texts[field])) return true;
    for (const std::string& spelling : tokenizer_->latin_spellings(texts[field])) {
      if (stands_in(wanted.runs, spelling)) return true;
    }
  }
  return false;
}

bool TextMatch::stands_in(std::span<const Run> runs, std::string_view text) {
  tokens_.clear();
  tokenizer_->append(text, tokens_);
  for (const Run& run : runs) {
    words_.clear();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (run.terms.size() == 1 || !is_extra(tokens_[i].kind)) words_.push_back(tokens_[i].term);
    }
    for (std::size_t i = 0; i + run.terms.size() <= words_.size(); ++i) {
      if (is_at(run, i)) return true;
    }
  }
  return false;
}

bool TextMatch::is_at(const Run& run, std::size_t begin) const {
  const std::size_t last = run.terms.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    if (words_[begin + i] != run.terms[i]) return false;
  }
  return run.is_open ? words_[begin + last].starts_with(run.terms[last]) : words_[begin + last] == run.terms[last];
}

}  // namespace earshot::index
