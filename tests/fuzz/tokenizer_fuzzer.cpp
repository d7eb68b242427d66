// Any bytes into terms: each is short, whole and not empty, and folding them again changes nothing that matters.
#include <cstdint>
#include <string_view>

#include "index/tokenizer.h"
#include "schema/bytes.h"
#include "schema/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const index::Tokenizer tokenizer;
  index::Tokens tokens;
  tokenizer.append(as_text({data, size}), tokens);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const index::Token token = tokens[i];
    EARSHOT_CHECK(!token.term.empty() && token.term.size() <= index::kMaxTerm);
    EARSHOT_CHECK(is_clean_text(token.term));
    EARSHOT_CHECK(token.term.find('\0') == std::string_view::npos);
    EARSHOT_CHECK(token.group >= group);
    group = token.group;
  }
  return 0;
}
