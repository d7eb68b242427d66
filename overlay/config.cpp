// The bounds of the parameters.
#include "overlay/config.h"

#include "schema/limits.h"

namespace earshot::overlay {

namespace {

Result<void> bounded(std::string_view field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return {};
  return fail(ErrorCode::kInvalid, "{} is {}, not in {}..{}", field, value, least, most);
}

Result<void> bounded(std::string_view field, Duration value) {
  if (value >= 1ms && value <= 24h) return {};
  return fail(ErrorCode::kInvalid, "{} is {} us, not between 1 ms and 24 h", field, value.count());
}

}  // namespace

Config among_strangers() {
  Config config;
  config.active_size = 24;
  config.outbound_size = 8;
  // A walk of six never ends at an honest peer where half of all links are attackers' (sim/scenarios/eclipse.toml).
  config.shuffle_walk = 1;
  return config;
}

Result<void> validate(const Config& config) {
  for (const Result<void>& field : {
           bounded("active_size", config.active_size, 1, 255),
           bounded("outbound_size", config.outbound_size, 0, config.active_size - 1u),
           bounded("passive_size", config.passive_size, 1, 255),
           bounded("passive_walk", config.passive_walk, 0, config.active_walk),
           bounded("shuffle_active + shuffle_passive", std::uint64_t{config.shuffle_active} + config.shuffle_passive, 0,
                   limits::kMaxShuffle),
           bounded("shuffle_walk", config.shuffle_walk, 1, 255),
           bounded("shuffle_period", config.shuffle_period),
           bounded("calm_period", config.calm_period),
           bounded("neighbor_timeout", config.neighbor_timeout),
           bounded("join_retry", config.join_retry),
           bounded("flood_ttl", config.flood_ttl, 1, limits::kMaxFloodTtl),
           bounded("walkers", config.walkers, 1, limits::kMaxWalkers),
           bounded("walk_ttl", config.walk_ttl, 1, limits::kMaxWalkTtl),
           bounded("hits_per_answer", config.hits_per_answer, 1, limits::kMaxHitsPerMessage),
           bounded("hop_time", config.hop_time),
           bounded("lambda_permille", config.lambda_permille, 100, 12'000),
           bounded("first_slice", config.first_slice, 1, 255),
           bounded("queries_per_s", config.queries_per_s, 1, 1'000'000),
           bounded("publish_after", config.publish_after + 1ms),
           bounded("digest_life", config.digest_life),
           bounded("digest_life", static_cast<std::uint64_t>(config.digest_life / 1s), 3,
                   static_cast<std::uint64_t>(limits::kMaxDigestLife / 1s)),
           bounded("digest_parts", config.digest_parts, 1, 16),
           bounded("digest_excess_percent", config.digest_excess_percent, 0, 200),
           bounded("publish_walk", config.publish_walk, 0, 16),
           bounded("hosted_per_minute", config.hosted_per_minute, 1, 60'000),
           bounded("estimate_period", config.estimate_period + 1ms),
       }) {
    if (!field) return field;
  }
  return {};
}

}  // namespace earshot::overlay
