// What stands beside a half-fetched or shared file and tells what is there: believed only as far as it can be true.
#include <cstdint>

#include "schema/bytes.h"
#include "schema/check.h"
#include "stream/chunk_store.h"
#include "tests/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const TemporaryFolder folder("/dev/shm");
  const auto sidecar = folder.write("sidecar", std::string(as_text({data, size})));
  const auto store = stream::ChunkStore::shared(sidecar);
  EARSHOT_CHECK(store || !store.error().what.empty());
  if (!store) return 0;
  std::array<std::uint8_t, 64> some{};
  const auto read = (*store)->read(0, some);
  EARSHOT_CHECK(!read || *read <= some.size());
  return 0;
}
