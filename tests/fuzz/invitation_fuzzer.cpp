// Invitation links and addresses as people paste them: refused with a reason, or written again with the same meaning.
#include <cstdint>

#include "schema/bytes.h"
#include "schema/check.h"
#include "schema/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const std::string_view text = as_text({data, size});
  const auto contact = contact_from(text);
  EARSHOT_CHECK(contact || !contact.error().what.empty());
  if (contact) {
    const auto again = contact_from(to_string(*contact));
    EARSHOT_CHECK(again && *again == *contact);
  }
  const auto endpoint = endpoint_from(text);
  EARSHOT_CHECK(endpoint || !endpoint.error().what.empty());
  if (endpoint) {
    const auto again = endpoint_from(to_string(*endpoint));
    EARSHOT_CHECK(again && *again == *endpoint);
  }
  return 0;
}
