// A saved address book that anything may have happened to: read, or moved aside; and usable either way.
#include <cstdint>

#include "overlay/net/address_book.h"
#include "schema/bytes.h"
#include "schema/check.h"
#include "tests/net/small_directory.h"
#include "tests/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  using overlay::net::AddressBook;
  constexpr std::size_t kCapacity = 16;
  static const TemporaryFolder folder("/dev/shm");
  const auto file = folder.write("contacts", std::string(as_text({data, size})));
  const Contact self = overlay::contact_number(0);
  AddressBook book(self, SipKey{1, 2}, kCapacity);
  const auto loaded = book.load(file);
  EARSHOT_CHECK(loaded || !loaded.error().what.empty());
  EARSHOT_CHECK(book.size() <= kCapacity && book.contact_of(book.self()) == self);
  EARSHOT_CHECK(book.intern(overlay::contact_number(1), book.self()) != kNoPeer);
  EARSHOT_CHECK(book.save(file).has_value());
  AddressBook again(self, SipKey{3, 4}, kCapacity);
  EARSHOT_CHECK(again.load(file).has_value());
  EARSHOT_CHECK(again.size() <= book.size());
  return 0;
}
