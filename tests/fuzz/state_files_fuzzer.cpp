// Small files that a node finds at its start, after anything may have happened to them: read or not, and written again readable.
//
//   input = which (1 octet) file
#include <cstdint>

#include "schema/bytes.h"
#include "schema/check.h"
#include "tests/temporary_folder.h"
#include "tools/node/remembered_network.h"
#include "tools/node/users.h"

namespace {

using namespace earshot;

void check_network(const std::filesystem::path& file) {
  const auto network = node::remembered_network(file);
  EARSHOT_CHECK(node::remember_network(file, network).has_value());
  const auto again = node::remembered_network(file);
  EARSHOT_CHECK(again.peers == network.peers && again.degree == network.degree && again.meeting == network.meeting);
}

void check_users(const std::filesystem::path& file) {
  const auto users = node::Users::open(file);
  EARSHOT_CHECK(users || !users.error().what.empty());
  if (!users) return;
  const auto rows = (*users)->list();
  EARSHOT_CHECK(rows.size() <= node::Users::kMaxUsers);
  for (const auto& row : rows) EARSHOT_CHECK(!row.name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder folder("/dev/shm");
  if (size == 0) return 0;
  const auto file = folder.write("state", std::string(as_text({data + 1, size - 1})));
  if ((data[0] & 1) != 0) check_users(file);
  else check_network(file);
  return 0;
}
