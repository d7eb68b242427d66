// Keys are drawn by Zipf's law, as words are: few that all have, many that one has.
#include "tools/bench/digest_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "index/index.h"
#include "schema/random.h"

namespace earshot::bench {

namespace {

// Distinct words of all libraries together.
constexpr double kVocabulary = 5e6;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A word's rank is exp(u ln V) for uniform u: Zipf's law with exponent 1.
index::DigestKey drawn_key(Random& random) {
  const double uniform = static_cast<double>(random.below(1u << 30)) / static_cast<double>(1u << 30);
  const auto rank = static_cast<std::uint32_t>(std::exp(uniform * std::log(kVocabulary)));
  return rank * 2654435761u;
}

NodeKey drawn_owner(Random& random) {
  NodeKey owner;
  for (std::uint8_t& byte : owner.bytes) byte = static_cast<std::uint8_t>(random.below(256));
  return owner;
}

Result<std::string> lookups(const index::Owners& owners, std::size_t keys, std::size_t count, Random& random) {
  std::vector<double> micros;
  std::uint64_t found = 0;
  const double begin = seconds_now();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<index::DigestKey> asked(keys);
    for (index::DigestKey& key : asked) key = drawn_key(random);
    const double before = seconds_now();
    const auto answer = owners.owners_of(asked, 100);
    if (!answer) return tl::unexpected(answer.error());
    micros.push_back((seconds_now() - before) * 1e6);
    found += answer->size();
  }
  const double seconds = seconds_now() - begin;
  std::sort(micros.begin(), micros.end());
  return fmt::format(",\"of{0}_per_s\":{1:.0f},\"of{0}_p50_us\":{2:.1f},\"of{0}_p99_us\":{3:.1f},\"of{0}_owners\":{4:.1f}",
                     keys, static_cast<double>(count) / seconds, micros[count / 2], micros[count * 99 / 100],
                     static_cast<double>(found) / static_cast<double>(count));
}

Result<std::string> run_in(const DigestBenchOptions& options) {
  auto index = index::Index::open(options.folder, {.cache_bytes = 256u << 20});
  if (!index) return tl::unexpected(index.error());
  index::Owners& owners = *(*index)->owners();
  Random random = Random::stream(options.seed, 0, 0);
  const auto expiry = index::Expiry(std::chrono::hours(1'000'000));
  const double begin = seconds_now();
  std::vector<index::DigestKey> keys(options.keys);
  for (std::size_t i = 0; i < options.digests; ++i) {
    for (index::DigestKey& key : keys) key = drawn_key(random);
    if (auto hosted = owners.host({drawn_owner(random), 0, 1, expiry}, keys); !hosted) return tl::unexpected(hosted.error());
  }
  const double seconds = seconds_now() - begin;
  const auto stats = owners.stats();
  std::string row = fmt::format("{{\"digests\":{},\"keys\":{},\"segments\":{},\"host_per_s\":{:.0f}", stats.digests,
                                stats.keys, stats.segments, static_cast<double>(options.digests) / seconds);
  for (const std::size_t asked : {1u, 2u}) {
    auto done = lookups(owners, asked, options.lookups, random);
    if (!done) return done;
    row += *done;
  }
  const double bytes = static_cast<double>((*index)->stats().bytes_on_disk);
  return row + fmt::format(",\"bytes_per_digest\":{:.0f}}}", bytes / static_cast<double>(options.digests));
}

}  // namespace

Result<std::string> run_digest_bench(const DigestBenchOptions& options) {
  if (std::filesystem::exists(options.folder)) {
    return fail(ErrorCode::kInvalid, "'{}' exists: name a folder that does not", options.folder.string());
  }
  if (options.lookups == 0 || options.digests == 0) return fail(ErrorCode::kInvalid, "nothing to do");
  auto row = run_in(options);
  std::error_code error;
  std::filesystem::remove_all(options.folder, error);
  return row;
}

}  // namespace earshot::bench
