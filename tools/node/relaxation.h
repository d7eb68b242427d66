// The last resort of a search that found nothing: the same question with a word less.
//
//  1. Only a question of plain words is made easier, and only down to one word: quotes, groups, filters and exclusions say what
//     a person is sure of.
//  2. The word that goes is the one that the fewest libraries known here have; of several such, the longest, which is the
//     likeliest to be misspelt.
// Rationale: 44 % of what people ask for matches nothing anywhere, mostly for one word too many or wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::node {

struct Relaxed {
  std::string text;
  std::string dropped;
};

/// `known`: how many libraries have a word. Nothing: it cannot be made easier.
std::optional<Relaxed> relaxed(std::string_view text, const std::function<std::uint64_t(std::string_view word)>& known);

}  // namespace earshot::node
