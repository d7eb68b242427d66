// What tracks and questions are in the terms of digests (schema/digest.h): the hashes of a library's words, and those that
// a digest must have so that its owner may have an answer.
//
// A digest knows words, not tracks, so it can only say "perhaps": numbers, exclusions, beginnings of words and the order of
// words are judged by the owner. A question that says nothing but such things can be answered by anybody.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/owners.h"
#include "schema/track.h"

namespace earshot::index {

class Tokenizer;

/// An owner may have an answer when one of his digests has all keys of one of these. None: digests cannot tell.
using DigestNeeds = std::vector<std::vector<DigestKey>>;

/// "a OR b", or a word of several spellings, needs several look-ups. More: what is asked for beyond is left to the owners.
inline constexpr std::size_t kMaxNeeds = 8;

/// Whether a digest may hold an answer. Keys rise.
bool may_answer(const DigestNeeds& needs, std::span<const DigestKey> keys);

/// Thread-safe.
class DigestKeys {
 public:
  /// As an index that transliterates, or not.
  explicit DigestKeys(bool transliterates = false);
  ~DigestKeys();

  /// Of each of its words, in every spelling that the index knows, and of its content, or, where there is nothing to fetch, of its
  /// artist and title as a pair; rising.
  std::vector<DigestKey> of(const Track& track) const;

  /// None also for a text that is no question.
  DigestNeeds asked_by(std::string_view text) const;

 private:
  std::unique_ptr<const Tokenizer> tokenizer_;
};

}  // namespace earshot::index
