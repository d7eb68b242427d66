// Latency tables and the fate of a message.
#include "sim/network.h"

#include <algorithm>

#include "sim/streams.h"

namespace earshot::sim {

namespace {

constexpr int kTableBits = 12;
constexpr std::uint32_t kPoints = 1u << kTableBits;

std::uint32_t microseconds(Duration duration) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 1, UINT32_MAX));
}

std::vector<std::uint32_t> uniform_table(const NetworkSettings& settings) {
  std::vector<std::uint32_t> table;
  const std::uint64_t low = microseconds(settings.min);
  const std::uint64_t span = microseconds(settings.max) - low;
  for (std::uint64_t i = 0; i <= kPoints; ++i) table.push_back(static_cast<std::uint32_t>(low + span * i / kPoints));
  return table;
}

std::vector<std::uint32_t> log_normal_table(const NetworkSettings& settings) {
  constexpr Fixed kLog2E = 6196328019;  // 1 / ln 2
  const Fixed sigma = fixed_multiply(settings.sigma, kLog2E);
  const std::uint64_t longest = microseconds(settings.max);
  std::vector<std::uint32_t> table;
  for (const Fixed z : normal_quantiles(kPoints)) {
    const std::uint64_t drawn = scaled_exp2(microseconds(settings.median), fixed_multiply(sigma, z));
    table.push_back(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(drawn, 1, longest)));
  }
  return table;
}

}  // namespace

Network::Network(const NetworkSettings& settings, std::uint64_t seed)
    : settings_(settings), link_key_{seed, static_cast<std::uint64_t>(Purpose::kLink)},
      message_key_{seed, static_cast<std::uint64_t>(Purpose::kMessage)} {
  switch (settings.law) {
    case LatencyLaw::kConstant: break;
    case LatencyLaw::kUniform: quantiles_ = uniform_table(settings); break;
    case LatencyLaw::kLogNormal: quantiles_ = log_normal_table(settings); break;
  }
}

std::optional<Duration> Network::travel(PeerId from, PeerId to, std::uint32_t count) const {
  const bool per_message = settings_.per == LatencyPer::kMessage && !quantiles_.empty();
  std::uint64_t fate = 0;
  if (per_message || settings_.loss_per_million > 0) {
    const std::uint64_t message = static_cast<std::uint64_t>(to_number(from)) << 32 | count;
    fate = siphash(message_key_, message);
    // The low half decides the loss, the high half the latency: two draws out of one hash.
    if ((fate & 0xffffffffu) * 1'000'000 >> 32 < settings_.loss_per_million) return std::nullopt;
  }
  return latency(per_message ? fate : quantiles_.empty() ? 0 : link_hash(from, to));
}

Duration Network::until_lost(PeerId from, PeerId to) const {
  return 2 * latency(quantiles_.empty() ? 0 : link_hash(from, to)) + settings_.lost_after;
}

Duration Network::latency(std::uint64_t hash) const {
  if (quantiles_.empty()) return settings_.median;
  const std::uint64_t point = hash >> (64 - kTableBits);
  const std::uint64_t between = (hash >> 32) & ((1u << (32 - kTableBits)) - 1);
  const std::uint64_t low = quantiles_[point];
  const std::uint64_t high = quantiles_[point + 1];
  return Duration(static_cast<std::int64_t>(low + ((high - low) * between >> (32 - kTableBits))));
}

std::uint64_t Network::link_hash(PeerId from, PeerId to) const {
  const std::uint64_t low = std::min(to_number(from), to_number(to));
  const std::uint64_t high = std::max(to_number(from), to_number(to));
  return siphash(link_key_, low << 32 | high);
}

}  // namespace earshot::sim
