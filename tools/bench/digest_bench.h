// The digests row of earshot-bench: hosting other peers' digests, and asking for owners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "schema/result.h"

namespace earshot::bench {

struct DigestBenchOptions {
  std::filesystem::path folder;  // of the index; must not exist, and is removed at the end
  std::size_t digests = 10'000;
  std::size_t keys = 2'000;  // of a digest
  std::size_t lookups = 20'000;
  std::uint64_t seed = 1;
};

/// One JSON line. host_per_s: digests hosted, one write each, sealed and merged on the way; bytes_per_digest on disk;
/// of1_*, of2_*: look-ups of one and of two keys, drawn as the keys of digests are.
Result<std::string> run_digest_bench(const DigestBenchOptions& options);

}  // namespace earshot::bench
