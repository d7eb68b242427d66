// Any search text is refused, or becomes a query that looks for something.
#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "index/plan.h"
#include "index/query_parser.h"
#include "schema/bytes.h"
#include "schema/check.h"

namespace {

using namespace earshot;

bool is_not(const index::Node& node) {
  return std::holds_alternative<index::Not>(node.what);
}

struct IsSound {
  bool operator()(const index::Term& term) const { return !term.text.empty(); }
  bool operator()(const index::Prefix& prefix) const { return !prefix.text.empty(); }
  bool operator()(const index::Compound& compound) const {
    return !compound.parts.empty() && !compound.spellings.empty();
  }
  bool operator()(const index::Near&) const { return false; }
};

/// Each part at the top is a word that is required once, however often it stands there, or a condition.
void check_parts(const index::Plan& plan, const std::vector<index::Node>& nodes) {
  std::set<std::size_t> words;
  std::size_t others = 0;
  for (const index::Node& node : nodes) {
    if (const auto* word = std::get_if<index::HasWord>(&node.what)) {
      words.insert(word->word);
    } else {
      ++others;
    }
  }
  EARSHOT_CHECK(std::set(plan.required.begin(), plan.required.end()) == words && plan.required.size() == words.size());
  EARSHOT_CHECK(plan.conditions.size() == others);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const index::Tokenizer tokenizer;
  const auto query = index::parse_query(as_text({data, size}), tokenizer);
  if (!query) return 0;
  const auto& nodes = query->root.nodes;
  EARSHOT_CHECK(!nodes.empty() && query->words.size() <= 256);
  EARSHOT_CHECK(!std::all_of(nodes.begin(), nodes.end(), is_not));
  for (const index::Word& word : query->words) EARSHOT_CHECK(std::visit(IsSound(), word));
  EARSHOT_CHECK(!index::to_string(*query).empty());
  const index::Plan plan(*query);
  check_parts(plan, nodes);
  const auto cover = plan.cover([](std::size_t word) { return word; });
  EARSHOT_CHECK(!cover || !cover->empty());
  return 0;
}
