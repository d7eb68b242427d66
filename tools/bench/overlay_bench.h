// The overlay rows of earshot-bench: what one peer costs a message, without sockets.
#pragma once

#include <cstdint>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct OverlayBenchOptions {
  std::uint64_t messages = 2'000'000;  // of each kind
  std::uint64_t seed = 1;
};

/// One JSON line. query_per_s: new questions that a peer with five neighbors relays and looks up; duplicate_per_s:
/// copies of one it has seen; encode and decode: nanoseconds for a query frame and for a frame of 20 hits.
Result<std::string> run_overlay_bench(const OverlayBenchOptions& options);

}  // namespace earshot::bench
