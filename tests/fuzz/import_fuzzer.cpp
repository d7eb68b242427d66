// Tables of tracks from anywhere: rows that are none are counted and named, the others are tidy.
//
//   input = layout (1 octet) table
#include <cstdint>

#include "index/import.h"
#include "schema/track.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const MemoryFile file;
  if (size == 0) return 0;
  file.fill(data + 1, size - 1);
  const auto layout = (data[0] & 1) != 0 ? index::TableLayout::kPeers : index::TableLayout::kHeader;
  std::uint64_t taken = 0;
  const auto counts = index::import_table(file.path(), {.layout = layout, .batch = 3}, [&](std::span<const Track> tracks) {
    EARSHOT_CHECK(!tracks.empty() && tracks.size() <= 3);
    for (const Track& track : tracks) EARSHOT_CHECK(is_tidy(track));
    taken += tracks.size();
    return Result<void>();
  });
  EARSHOT_CHECK(counts || !counts.error().what.empty());
  if (!counts) return 0;
  EARSHOT_CHECK(counts->rows == taken && counts->first_bad.size() <= index::kMaxBadRowsKept);
  EARSHOT_CHECK(counts->first_bad.size() <= counts->bad_rows);
  return 0;
}
