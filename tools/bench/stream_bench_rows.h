// The rows of the stream benchmark, for its table only. Each returns the members of its JSON object.
#pragma once

#include <filesystem>
#include <string>

#include "schema/result.h"
#include "tools/bench/stream_bench.h"

namespace earshot::bench {

// Files (stream_bench_files.cpp).
Result<std::string> row_vod(const StreamBenchOptions& options);
Result<std::string> row_swarm(const StreamBenchOptions& options);
Result<std::string> row_first_chunk(const StreamBenchOptions& options);

// Playing on bad paths (stream_bench_playing.cpp).
Result<std::string> row_play_start(const StreamBenchOptions& options);
Result<std::string> row_source_killed(const StreamBenchOptions& options);
Result<std::string> row_loss(const StreamBenchOptions& options);

// Crowds and strangers (stream_bench_others.cpp).
Result<std::string> row_live(const StreamBenchOptions& options);
Result<std::string> row_amplification(const StreamBenchOptions& options);
Result<std::string> row_liar(const StreamBenchOptions& options);

}  // namespace earshot::bench
