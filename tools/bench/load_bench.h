// The load row of earshot-bench: how long does a node that runs take to answer, at so many questions a second?
//
// The load is open: questions leave by the clock, whatever became of the earlier ones, and a time counts from when its
// question was due. A client that waited for each answer would ask a slow node less often and call it fast. A search is
// given up at its first row, so that what is measured is the time to that row; questions without one take the whole time
// that they were given, and are counted apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "schema/result.h"
#include "tools/node/config.h"

namespace earshot::bench {

struct LoadBenchOptions {
  node::ConfigFlags node;         // --datadir, or cli.url and cli.token_file
  std::filesystem::path queries;  // one question a line, asked in turn
  std::uint32_t rate = 200;       // a second
  std::uint32_t seconds = 10;
  std::uint32_t clients = 32;     // questions under way at once, at most; a node takes 64 connections
  std::uint32_t patience_ms = 200;
};

/// One JSON object on one line. Errors: kInvalid (no questions), kUnreachable (no node), kDenied (token).
Result<std::string> run_load_bench(const LoadBenchOptions& options);

}  // namespace earshot::bench
