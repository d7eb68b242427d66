// Range headers of players: what is served lies within the content, and is never empty.
//
//   input = size of the content (8 octets) header
#include <cstdint>
#include <cstring>

#include "schema/bytes.h"
#include "schema/check.h"
#include "tools/node/content_http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  std::uint64_t content = 0;
  if (size < sizeof content) return 0;
  std::memcpy(&content, data, sizeof content);
  const auto chosen = node::choose_range(as_text({data + sizeof content, size - sizeof content}), content);
  if (chosen.answer != node::RangeAnswer::kPart) {
    EARSHOT_CHECK(chosen.part == node::Part{});
    return 0;
  }
  EARSHOT_CHECK(chosen.part.size > 0 && chosen.part.first < content && chosen.part.size <= content - chosen.part.first);
  return 0;
}
