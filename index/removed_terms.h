// How many removed documents of sealed segments hold each term: what is taken off a segment's own counts, so that the
// statistics of a search are exact before a merge drops those documents.
//
// Costs about 700 bytes a removed document until then; merges keep these below a quarter of a segment
// (index/index.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "index/terms.h"
#include "schema/check.h"

namespace earshot::index {

class RemovedTerms {
 public:
  void add(std::span<const TrackTerms::Term> terms) {
    for (const auto& term : terms) add(term.text, 1u);
  }

  void add(std::string_view term, std::uint32_t count) {
    const auto at = counts_.find(term);
    if (at == counts_.end()) {
      counts_.emplace(std::string(term), count);
    } else {
      at->second += count;
    }
  }

  void add(const RemovedTerms& other) {
    for (const auto& [term, count] : other.counts_) counts_[term] += count;
  }

  /// REQUIRES: `other` was added before.
  void subtract(const RemovedTerms& other) {
    for (const auto& [term, count] : other.counts_) {
      const auto at = counts_.find(term);
      EARSHOT_CHECK(at != counts_.end() && at->second >= count);
      at->second -= count;
      if (at->second == 0) counts_.erase(at);
    }
  }

  std::uint32_t tracks_with(std::string_view term) const {
    const auto at = counts_.find(term);
    return at == counts_.end() ? 0 : at->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t, TermHash, std::equal_to<>> counts_;
};

}  // namespace earshot::index
