// Real nodes under churn and load for as long as one likes: what they lose, and what grows.
#pragma once

#include <cstdint>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct SoakBenchOptions {
  std::string program;             // earshot
  std::uint32_t nodes = 5;         // the first is never killed: what grows, grows there
  std::uint32_t seconds = 60;
  std::uint32_t kill_every_s = 15; // one of the others, which comes back at once
  std::uint32_t tracks = 200;      // of each node, described in a table
  std::uint64_t seed = 1;
};

/// Starts node processes on loopback below a temporary folder. Each node asks for tracks of the others in turn; a kill -9 costs no track that
/// was acknowledged. One line of JSON; the slopes are those of a straight line through all samples of the first node after half a minute.
Result<std::string> run_soak_bench(const SoakBenchOptions& options);

}  // namespace earshot::bench
