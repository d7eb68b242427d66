// Drawing classes and attackers.
#include "sim/roles.h"

#include <algorithm>

#include "sim/streams.h"

namespace earshot::sim {

namespace {

template <class Settings>
std::vector<std::uint32_t> sums(std::span<const Settings> all) {
  std::vector<std::uint32_t> sums;
  for (const Settings& one : all) sums.push_back((sums.empty() ? 0 : sums.back()) + one.per_million);
  return sums;
}

}  // namespace

Roles::Roles(std::span<const ClassSettings> classes, std::span<const AttackerSettings> attackers, std::uint64_t seed)
    : class_key_{seed, static_cast<std::uint64_t>(Purpose::kClass)},
      attacker_key_{seed, static_cast<std::uint64_t>(Purpose::kAttacker)}, class_ends_(sums(classes)),
      attacker_ends_(sums(attackers)) {}

std::uint8_t Roles::drawn(const std::vector<std::uint32_t>& ends, const SipKey& key, PeerId peer) {
  if (ends.empty()) return 0;
  const std::uint64_t point = (siphash(key, to_number(peer)) >> 32) * 1'000'000 >> 32;
  const auto found = std::upper_bound(ends.begin(), ends.end(), point);
  return found == ends.end() ? 0 : static_cast<std::uint8_t>(found - ends.begin() + 1);
}

}  // namespace earshot::sim
