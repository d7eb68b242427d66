// Names in other scripts as they are typed in Latin letters: "Земфира" -> zemfira, "Цой" -> tsoy, tsoi, "王菲" -> wang fei,
// wangfei. By ICU, where it was there when this was built.
//
// 1. Tracks get Latin spellings, questions do not: each pair needs one direction only, and a question costs nothing more.
// 2. Only texts with Cyrillic, Greek, Han, kana or Hangul in them pay for it: some 10 us each.
// 3. Spellings come from ICU's data, so another version of it is another rule: `rule()` names both. What an index holds was made
//    by one rule (index/store.h, "transliteration").
//
// Best effort: Japanese names in Han are read as Chinese, vowels that Arabic leaves out stay out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace earshot::index {

/// Thread-safe.
class Transliterator {
 public:
  /// The one of this process; null where this program was built without ICU. The first text that needs it takes 150 ms: where
  /// nothing is in other scripts, there is nothing to pay for.
  static const Transliterator* instance();
  /// Empty where this program was built without ICU.
  static std::string rule();

  virtual ~Transliterator() = default;
  /// Whole texts, each another spelling of `text`, in ASCII as far as ICU knows the letters; none for a text without these
  /// scripts, or where ICU's data is missing.
  virtual std::vector<std::string> spellings(std::string_view text) const = 0;
};

}  // namespace earshot::index
