// The stream rows of earshot-bench: what streaming between processes on this machine costs, one JSON object a row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schema/result.h"

namespace earshot::bench {

struct StreamBenchOptions {
  std::string row;                              // empty: all
  std::uint64_t size = std::uint64_t{1} << 30;  // bytes of the vod row; the others take as much of it as they need
  std::filesystem::path folder;                 // for contents and engines; empty: a temporary one
  std::filesystem::path peer;                   // a driver of libtorrent, measured in the same run; empty: none
  std::uint64_t mutants = 1'000'000;            // proofs that the liar row alters
};

/// The names of the rows, in the order in which they run.
std::vector<std::string> stream_rows();

/// One JSON object a row, each on a line. Forks, so call it before any thread is started. Errors: kInvalid (unknown row),
/// kDisk, kUnreachable, kTimedOut, kCorrupt (what arrived is not what was given).
Result<std::string> run_stream_bench(const StreamBenchOptions& options);

}  // namespace earshot::bench
