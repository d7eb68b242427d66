// What a source says to the radio port: a head, and a chunked body that means the same however it is cut into pieces.
//
//   input = where it is cut (1 octet) head or body
#include <cstdint>
#include <string>

#include "schema/bytes.h"
#include "schema/check.h"
#include "tools/node/radio_request.h"

namespace {

using namespace earshot;

struct Taken {
  std::string text;
  bool is_good = true;
  bool ended = false;
  bool operator==(const Taken&) const = default;
};

Taken taken(std::string_view first, std::string_view second) {
  node::ChunkedText chunked;
  Taken all;
  all.is_good = chunked.take(first, all.text) && chunked.take(second, all.text);
  all.ended = chunked.ended();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  if (const auto request = node::radio_request_from(text)) {
    EARSHOT_CHECK(!request->method.empty() && request->name.size() <= text.size());
    for (const auto& [name, value] : request->fields) EARSHOT_CHECK(request->field(name) == value);
  }
  const std::size_t cut = text.empty() ? 0 : data[0] % (text.size() + 1);
  const Taken whole = taken(text, {}), pieces = taken(text.substr(0, cut), text.substr(cut));
  EARSHOT_CHECK(whole.is_good == pieces.is_good && whole.text.size() <= text.size());
  if (whole.is_good) EARSHOT_CHECK(whole == pieces);
  return 0;
}
