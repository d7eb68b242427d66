// The stored forms: any bytes are refused, or read back as they were.
#include <cstdint>

#include "index/postings.h"
#include "index/records.h"
#include "index/totals.h"
#include "schema/bytes.h"
#include "schema/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const std::string_view bytes = as_text({data, size});
  if (const auto track = index::decode_record(bytes)) {
    EARSHOT_CHECK(index::encode(*track) == bytes);
    EARSHOT_CHECK(index::content_of_record(bytes) == track->content);
  }
  if (const auto postings = index::decode_postings(bytes)) {
    EARSHOT_CHECK(index::encode(*postings) == bytes);
    EARSHOT_CHECK(index::count_postings(bytes) == postings->size());
  }
  if (const auto totals = index::decode_totals(bytes)) EARSHOT_CHECK(index::encode(*totals) == bytes);
  return 0;
}
