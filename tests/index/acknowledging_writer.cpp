// Adds tracks one by one for ever and writes a byte after each that is durable, until it is killed.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "index/index.h"
#include "tests/index/fixtures.h"

int main(int count, char** arguments) {
  using namespace earshot::index;
  if (count != 3) return 2;
  const auto index = Index::open(arguments[1], {.sync = true, .cache_bytes = 8u << 20, .live_tracks = 25});
  if (!index) return 1;
  for (auto number = static_cast<std::uint32_t>(std::strtoul(arguments[2], nullptr, 10));; ++number) {
    const std::vector tracks = {track(number, "Song" + std::to_string(number) + " | Artist | Album")};
    if (!(*index)->add(tracks) || write(STDOUT_FILENO, ".", 1) != 1) return 1;
  }
}
