// The index rows of earshot-bench: build, query, update, with the keys that other engines' drivers print.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "index/import.h"
#include "schema/result.h"

namespace earshot::bench {

struct IndexBenchOptions {
  std::filesystem::path tracks;   // a table for index/import.h, plain or zstd
  index::TableLayout layout = index::TableLayout::kAny;
  std::filesystem::path queries;  // kind, terms and filters in tabs; empty: drawn from the titles and artists
  std::filesystem::path folder;   // of the index; b: it must not exist; b and u: it is removed at the end
  std::string phases = "bqu";     // build, query, update; without b the folder holds an index that an earlier run built
  std::size_t limit = 50;         // tracks per answer, with their records
  std::size_t threads = 2;        // that ask at once, after one alone
  int runs = 3;                   // of the query file; the median counts
  std::size_t updates = 20'000;   // tracks kept back from the build, added in commits of 1,000
  std::size_t singles = 200;      // tracks kept back after those, added one by one
  std::size_t cache_bytes = 256u << 20;
  std::uint64_t seed = 1;  // of the drawn queries
};

/// One JSON line. build_tps: tracks per second read from the file and added, durable when the last add returns. bytes_per_track: all
/// files after reopening; opt_bytes_per_track: after all segments are merged into one, as the queries find it. q1_qps,
/// p50_us, p99_us, mean_us: wall time on one thread; cpu_*: its CPU time; q2_qps: two threads. A, M, S, P, H, F, X, Z: CPU time of
/// each kind of query. add_tps: durable commits of 1,000; add1_ms_p50: durable commits of one. *_rss_mb: the peak of
/// each phase.
Result<std::string> run_index_bench(const IndexBenchOptions& options);

}  // namespace earshot::bench
