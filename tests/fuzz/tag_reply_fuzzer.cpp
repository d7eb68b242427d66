// What a tag child says when a file has taken it over: a tidy track, an error, or nonsense; and what is taken is said again alike.
#include <cstdint>
#include <string_view>

#include "schema/check.h"
#include "tools/node/tag_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const std::string_view reply(reinterpret_cast<const char*>(data), size);
  if (const auto art = node::decode_art_reply(reply)) {
    const auto again = node::decode_art_reply(node::encode_art_reply(art));
    EARSHOT_CHECK(*art <= node::kMaxArt && again && *again == *art);
  }
  const auto file = node::decode_reply(reply);
  if (!file) return 0;
  EARSHOT_CHECK(is_tidy(file->track));
  const auto again = node::decode_reply(node::encode_reply(file));
  EARSHOT_CHECK(again && again->track == file->track && again->sound == file->sound);
  return 0;
}
