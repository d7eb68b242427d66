// Any file is refused or gives a tidy track. TagLib itself is not instrumented: this finds crashes, not new paths in it.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "index/tags.h"
#include "schema/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  static const std::string file = "/tmp/earshot-tags-fuzzer-" + std::to_string(getpid());
  FILE* out = std::fopen(file.c_str(), "wb");
  EARSHOT_CHECK(out != nullptr);
  EARSHOT_CHECK(std::fwrite(data, 1, size, out) == size);
  std::fclose(out);
  const auto track = index::read_tags(file);
  EARSHOT_CHECK(!track || (is_tidy(*track) && !track->title.empty()));
  std::remove(file.c_str());
  return 0;
}
