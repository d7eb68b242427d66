// Whether a track answers a question, without an index: for judging what strangers send.
#pragma once

#include <optional>
#include <string_view>

#include "index/query.h"
#include "index/text_match.h"
#include "index/tokenizer.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/track.h"

namespace earshot::index {

/// Not thread-safe: keeps memory from track to track. One costs as much as a tokenizer's table of characters that were seen.
class Rematch {
 public:
  /// A question that no index would take (query_parser.h) matches nothing.
  explicit Rematch(std::string_view question);
  // Its parts refer to its tokenizer.
  Rematch(const Rematch&) = delete;
  Rematch& operator=(const Rematch&) = delete;

  /// Also with the slips of the pen that a holder's index forgives when nothing matches as typed.
  bool holds(const Track& track);

 private:
  bool holds(const Query& query, const Track& track);
  bool has(const Word& word) const;
  bool has_term(std::string_view term) const;

  std::optional<ContentId> content_;  // asked for by its id
  Tokenizer tokenizer_{Transliterator::instance()};  // holders may have answered by it
  TextMatch text_match_;
  Result<Query> exact_;
  Query near_;
  Tokens tokens_;
};

/// Lets words match with the edits that their length allows; quoted ones and beginnings stay.
Query with_slips(Query query);

}  // namespace earshot::index
