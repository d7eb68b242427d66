// Latency tables and the fate of a message.
#include "sim/network.h"

#include <algorithm>

#include "schema/check.h"
#include "sim/streams.h"

namespace earshot::sim {

namespace {

constexpr std::uint32_t kTablePoints = 1u << Network::kTableBits;

std::uint32_t microseconds(Duration duration) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 1, UINT32_MAX));
}

std::vector<std::uint32_t> uniform_table(const NetworkSettings& settings) {
  std::vector<std::uint32_t> table;
  const std::uint64_t low = microseconds(settings.min);
  const std::uint64_t span = microseconds(settings.max) - low;
  for (std::uint64_t i = 0; i <= kTablePoints; ++i) table.push_back(static_cast<std::uint32_t>(low + span * i / kTablePoints));
  return table;
}

std::vector<std::uint32_t> log_normal_table(const NetworkSettings& settings) {
  constexpr Fixed kLog2E = 6196328019;  // 1 / ln 2
  const Fixed sigma = fixed_multiply(settings.sigma, kLog2E);
  const std::uint64_t longest = microseconds(settings.max);
  std::vector<std::uint32_t> table;
  for (const Fixed z : normal_quantiles(kTablePoints)) {
    const std::uint64_t drawn = scaled_exp2(microseconds(settings.median), fixed_multiply(sigma, z));
    table.push_back(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(drawn, 1, longest)));
  }
  return table;
}

}  // namespace

Network::Network(const NetworkSettings& settings, std::uint64_t seed, const Distances* distances)
    : settings_(settings), distances_(distances), link_key_{seed, static_cast<std::uint64_t>(Purpose::kLink)},
      message_key_{seed, static_cast<std::uint64_t>(Purpose::kMessage)},
      side_key_{seed, static_cast<std::uint64_t>(Purpose::kSide)} {
  switch (settings.law) {
    case LatencyLaw::kConstant: break;
    case LatencyLaw::kUniform: quantiles_ = uniform_table(settings); break;
    case LatencyLaw::kLogNormal: quantiles_ = log_normal_table(settings); break;
    case LatencyLaw::kCoordinates:
    case LatencyLaw::kMatrix: EARSHOT_CHECK(distances != nullptr); break;
  }
  fates_differ_ = settings.loss_per_million > 0 || settings.jitter > Duration::zero() ||
                  (settings.per == LatencyPer::kMessage && !quantiles_.empty());
}

std::optional<Duration> Network::drawn_travel(PeerId from, PeerId to, std::uint32_t count) const {
  const std::uint64_t fate = fate_of(from, count);
  // The low half decides the loss, the high half the latency: two draws out of one hash.
  if ((fate & 0xffffffffu) * 1'000'000 >> 32 < settings_.loss_per_million) return std::nullopt;
  const bool per_message = settings_.per == LatencyPer::kMessage && !quantiles_.empty();
  return (per_message ? quantile(fate) : latency(from, to)) + jitter(fate);
}

std::optional<Duration> Network::drawn_duplicate(PeerId from, PeerId to, std::uint32_t count) const {
  const std::uint64_t fate = siphash(message_key_, fate_of(from, count));
  if ((fate & 0xffffffffu) * 1'000'000 >> 32 >= settings_.duplicates_per_million) return std::nullopt;
  return latency(from, to) + jitter(fate);
}

void Network::calm() {
  settings_.loss_per_million = settings_.duplicates_per_million = 0;
  settings_.jitter = Duration::zero();
}

bool Network::parts(const PartitionSettings& partition, PeerId a, PeerId b) const {
  const auto when = static_cast<std::uint64_t>(partition.at.count());
  const auto side = [&](PeerId peer) {
    const std::uint64_t hash = siphash(side_key_, when << 32 ^ to_number(peer));
    return (hash >> 32) * 1'000'000 >> 32 < partition.per_million;
  };
  return side(a) != side(b);
}

Duration Network::until_lost(PeerId from, PeerId to) const { return 2 * latency(from, to) + settings_.lost_after; }

Duration Network::shortest() const {
  if (!quantiles_.empty()) return Duration(*std::min_element(quantiles_.begin(), quantiles_.end()));
  return distances_ != nullptr ? std::max(settings_.min, Duration(1)) : settings_.median;
}

Duration Network::longest() const {
  if (!quantiles_.empty()) return Duration(*std::max_element(quantiles_.begin(), quantiles_.end()));
  return distances_ != nullptr ? std::max(distances_->longest(), shortest()) : settings_.median;
}

/// From the bits that the latency of a message does not use much: the lower ones of the high half, mixed with the low half.
Duration Network::jitter(std::uint64_t hash) const {
  const std::uint64_t share = (hash * 0x9E3779B97F4A7C15u) >> 32;
  return Duration(static_cast<std::int64_t>(static_cast<std::uint64_t>(settings_.jitter.count()) * share >> 32));
}

std::uint64_t Network::fate_of(PeerId from, std::uint32_t count) const {
  return siphash(message_key_, static_cast<std::uint64_t>(to_number(from)) << 32 | count);
}

}  // namespace earshot::sim
