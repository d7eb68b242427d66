// Any search text is refused or becomes words that look for something.
#include <cstdint>

#include "index/query_parser.h"
#include "schema/bytes.h"
#include "schema/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const index::Tokenizer tokenizer;
  const auto query = index::parse_query(as_text({data, size}), tokenizer);
  if (!query) return 0;
  EARSHOT_CHECK(!query->words.empty() && query->words.size() <= 256);
  for (const index::Word& word : query->words) {
    if (const auto* term = std::get_if<index::Term>(&word)) EARSHOT_CHECK(!term->text.empty());
    if (const auto* prefix = std::get_if<index::Prefix>(&word)) EARSHOT_CHECK(!prefix->text.empty());
    if (const auto* compound = std::get_if<index::Compound>(&word)) {
      EARSHOT_CHECK(!compound->parts.empty() && !compound->spellings.empty());
    }
  }
  return 0;
}
