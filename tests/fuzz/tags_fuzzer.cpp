// What the tag child is given: any file is refused or gives a tidy track, and its sound is hashed or not, in bounded time.
// TagLib is not instrumented: this finds its crashes, not new paths in it.
#include <cstdint>

#include "index/audio_digest.h"
#include "index/tags.h"
#include "schema/check.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const MemoryFile file;
  file.fill(data, size);
  const auto track = index::read_tags(file.descriptor(), "fuzzed");
  EARSHOT_CHECK(!track || is_tidy(*track));
  const auto digest = index::audio_digest(file.descriptor());
  EARSHOT_CHECK(digest || !digest.error().what.empty());
  return 0;
}
