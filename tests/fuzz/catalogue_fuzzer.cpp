// A publisher's catalogue, rightly signed, with anything in it: refused with a reason, or one that may be handed on and told as a feed.
//
//   input = the text before the signature; each "KEY" in it becomes the key that signs
#include <cstdint>
#include <string>

#include "overlay/net/signature.h"
#include "schema/bytes.h"
#include "schema/check.h"
#include "tools/node/catalogue.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const auto publisher = overlay::net::Identity::ephemeral();
  std::string text(as_text({data, size}));
  const std::string key = to_hex(publisher.key().bytes);
  for (std::size_t at = text.find("KEY"); at != std::string::npos && text.size() < 10'000; at = text.find("KEY", at + key.size())) {
    text.replace(at, 3, key);
  }
  const auto forged = node::catalogue_from(text);
  EARSHOT_CHECK(!forged && !forged.error().what.empty());
  text += "signature " + to_hex(overlay::net::sign(publisher, Bytes(text.begin(), text.end()))) + "\n";
  const auto catalogue = node::catalogue_from(text);
  EARSHOT_CHECK(catalogue || !catalogue.error().what.empty());
  if (!catalogue) return 0;
  EARSHOT_CHECK(catalogue->publisher == publisher.key() && node::validate(*catalogue));
  const auto again = node::catalogue_from(node::signed_text(*catalogue, publisher));
  EARSHOT_CHECK(again && *again == *catalogue);
  return 0;
}
