// Performs the steps of a story from one on, for ever, and writes a byte after each that is durable, until it is killed.
#include <unistd.h>

#include <cstdlib>

#include "tests/index/story.h"

int main(int count, char** arguments) {
  using namespace earshot::index;
  if (count != 4) return 2;
  const auto seed = std::strtoull(arguments[2], nullptr, 10);
  const auto index = Index::open(arguments[1], {.sync = true, .cache_bytes = 8u << 20, .live_tracks = 25});
  if (!index) return 1;
  for (auto number = static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 10));; ++number) {
    if (!perform(**index, step_of(seed, number)) || write(STDOUT_FILENO, ".", 1) != 1) return 1;
  }
}
