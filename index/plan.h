// How a query is walked: which words every answer has, which only may score, and what else must hold.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "index/query.h"

namespace earshot::index {

struct Plan {
  explicit Plan(const Query& query);

  std::vector<std::size_t> required;    // words that every answer has
  std::vector<std::size_t> optional;    // words that score where they are
  std::vector<const Node*> conditions;  // all else at the top of the query, the cheap ones first
  bool reads_texts = false;             // some condition asks for a track's texts

  /// Words of which every answer has one, with the least tracks in all by `size_of`; nothing when some answer may have
  /// no word at all.
  std::optional<std::vector<std::size_t>> cover(const std::function<std::uint64_t(std::size_t)>& size_of) const;

 private:
  const Query* query_;
};

}  // namespace earshot::index
