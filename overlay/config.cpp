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

Result<void> validate(const Config& config) {
  for (const Result<void>& field : {
           bounded("active_size", config.active_size, 1, 255),
           bounded("passive_size", config.passive_size, 1, 255),
           bounded("passive_walk", config.passive_walk, 0, config.active_walk),
           bounded("shuffle_active + shuffle_passive", std::uint64_t{config.shuffle_active} + config.shuffle_passive, 0,
                   limits::kMaxShuffle),
           bounded("shuffle_walk", config.shuffle_walk, 1, 255),
           bounded("shuffle_period", config.shuffle_period),
           bounded("neighbor_timeout", config.neighbor_timeout),
           bounded("join_retry", config.join_retry),
           bounded("flood_ttl", config.flood_ttl, 1, limits::kMaxFloodTtl),
           bounded("walkers", config.walkers, 1, limits::kMaxWalkers),
           bounded("walk_ttl", config.walk_ttl, 1, limits::kMaxWalkTtl),
           bounded("hits_per_answer", config.hits_per_answer, 1, limits::kMaxHitsPerMessage),
       }) {
    if (!field) return field;
  }
  return {};
}

}  // namespace earshot::overlay
