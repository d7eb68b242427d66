// One link floods a node that many honest links ask, or strangers begin handshakes that lead nowhere: who is still served, and how fast.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct FloodBenchOptions {
  std::uint32_t links = 200;       // honest ones
  std::uint32_t rate = 400;        // questions a second, of all of them
  std::uint32_t flood = 50'000;    // questions a second, of the one
  std::uint32_t handshakes = 0;    // instead of the flood: bogus handshakes a second, each on a connection of its own
  std::uint32_t seconds = 10;      // without the attack, and again with it
  std::filesystem::path folder;    // scratch, for the node's index
};

/// Starts a node of this process with one track in its index; each link is a CURVE connection over loopback. One line of JSON.
Result<std::string> run_flood_bench(const FloodBenchOptions& options);

}  // namespace earshot::bench
