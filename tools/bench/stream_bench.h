// The stream rows of earshot-bench: two processes on loopback, one gives and one takes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct StreamBenchOptions {
  std::string row = "vod";
  std::uint64_t size = std::uint64_t{1} << 30;  // bytes of content
  std::filesystem::path folder;                 // for the content and both engines; empty: a temporary one
};

/// One JSON object on one line. Forks, so call it before any thread is started. Errors: kInvalid (unknown row), kDisk,
/// kUnreachable, kTimedOut, kCorrupt (what arrived is not what was given).
Result<std::string> run_stream_bench(const StreamBenchOptions& options);

}  // namespace earshot::bench
