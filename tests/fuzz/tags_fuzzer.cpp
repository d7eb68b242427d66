// What the tag child is given: any file is refused or gives a tidy track, and its sound is hashed or not, in bounded time.
// TagLib is not instrumented: this finds its crashes, not new paths in it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "index/audio_digest.h"
#include "index/tags.h"
#include "schema/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const int file = ::memfd_create("fuzzed", MFD_CLOEXEC);
  EARSHOT_CHECK(file >= 0);
  EARSHOT_CHECK(::ftruncate(file, 0) == 0);
  EARSHOT_CHECK(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const auto track = index::read_tags(file, "fuzzed");
  EARSHOT_CHECK(!track || is_tidy(*track));
  const auto digest = index::audio_digest(file);
  EARSHOT_CHECK(digest || !digest.error().what.empty());
  return 0;
}
