// Budgets and coverage, in integers.
#include "overlay/estimate/budget.h"

#include <algorithm>
#include <limits>

#include "schema/limits.h"

namespace earshot::overlay {

namespace {

__extension__ using Wide = unsigned __int128;

/// Q / D where both sides cost the same, in hundredths.
constexpr std::uint64_t kQueryPerDigest = 1041;

std::uint32_t size_of(const NetworkView& network) { return network.peers == 0 ? kPeersUnknown : network.peers; }

/// lambda N, what the product of both sides must be, the overlap of connected sets not yet counted.
std::uint64_t product(const NetworkView& network, std::uint32_t lambda_permille) {
  return (std::uint64_t{size_of(network)} * lambda_permille + 999) / 1000;
}

/// The sides without the overlap of connected sets.
std::uint64_t plain_copies(std::uint64_t product) { return square_root(product * 100 / kQueryPerDigest); }

/// Meetings without those that come in company: what a random set would have. See the header on connected sets.
std::uint64_t alone(std::uint64_t meeting, const NetworkView& network) {
  return network.degree > 2 ? meeting * (network.degree - 2u) / network.degree : meeting;
}

/// The chance that a visit meets a given digest, in 2^-32: measured, or what would be if everybody published as we do.
std::uint64_t meeting_of(const NetworkView& network, std::uint32_t lambda_permille) {
  if (network.meetings > 0) return alone(network.meeting, network);
  return (plain_copies(product(network, lambda_permille)) << 32) / size_of(network);
}

std::uint16_t permille_found(std::uint64_t meeting, std::uint64_t visits, std::uint64_t peers) {
  const std::uint32_t missed = exp_minus(meeting * visits >> 16);
  // Whoever holds it may also have been asked himself.
  const std::uint64_t not_asked = (peers - std::min(peers, visits)) * missed / peers;
  return static_cast<std::uint16_t>(1000 - (not_asked * 1000 + 0x8000) / 0x10000);
}

}  // namespace

std::uint32_t square_root(std::uint64_t x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= x) root += bit;
  }
  return static_cast<std::uint32_t>(root);
}

std::uint32_t exp_minus(std::uint64_t x) {
  if (x >= std::uint64_t{24} << 16) return 0;
  const std::uint64_t y = x * 94548 >> 16;  // x / ln 2
  const auto f = static_cast<std::int64_t>(y & 0xffff);
  // 2^-f for f in [0, 1): four terms of the series of e^(-f ln 2), each coefficient in 2^-16.
  std::int64_t power = 631 - (f * 87 >> 16);
  power = 3638 - (f * power >> 16);
  power = 15743 - (f * power >> 16);
  power = 45426 - (f * power >> 16);
  power = 65536 - (f * power >> 16);
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(power) >> (y >> 16));
}

NetworkView with_meetings(NetworkView network, std::uint64_t tried, std::uint32_t met) {
  const Wide before = network.meeting == 0 ? 0 : (Wide{network.meetings} << 32) / network.meeting;
  const Wide all_tried = before + tried, all_met = Wide{network.meetings} + met;
  if (all_tried == 0 || all_met == 0) return network;
  constexpr Wide kMost = std::numeric_limits<std::uint32_t>::max();
  network.meeting = static_cast<std::uint32_t>(std::min((all_met << 32) / all_tried, kMost));
  network.meetings = static_cast<std::uint32_t>(std::min(all_met, kMost));
  return network;
}

std::uint32_t digest_copies(const NetworkView& network, std::uint32_t lambda_permille) {
  const std::uint64_t degree = std::max<std::uint64_t>(network.degree, 4);
  const std::uint64_t copies = plain_copies(product(network, lambda_permille)) * degree / (degree - 2) + 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>({copies, size_of(network), limits::kMaxVisits}));
}

std::uint32_t query_visits(const NetworkView& network, std::uint32_t lambda_permille) {
  const std::uint64_t meeting = std::max<std::uint64_t>(meeting_of(network, lambda_permille), 1);
  const Wide visits = (Wide{lambda_permille} << 32) / (Wide{meeting} * 1000) + 1;
  return static_cast<std::uint32_t>(std::min<Wide>(visits, std::min(size_of(network), limits::kMaxVisits)));
}

Coverage coverage_of(const NetworkView& network, std::uint32_t visits) {
  if (network.meetings == 0 && network.peers == 0) return {};
  const std::uint64_t peers = size_of(network);
  if (network.meetings == 0) {  // only those who were asked themselves count
    const std::uint16_t asked = permille_found(0, visits, peers);
    return {asked, asked, 1000};
  }
  const std::uint64_t meeting = alone(network.meeting, network);
  // Meetings are counted, so their number is off by two of its square roots in one case of twenty.
  const std::uint64_t off = 2 * meeting / std::max<std::uint32_t>(square_root(network.meetings), 1);
  return {permille_found(meeting, visits, peers), permille_found(meeting - std::min(meeting, off), visits, peers),
          permille_found(meeting + off, visits, peers)};
}

std::uint32_t peers_within(const NetworkView& network, std::size_t degree, std::uint16_t ttl,
                           std::uint32_t missed_permille) {
  std::uint64_t shell = degree, tree = 0;
  for (std::uint16_t hop = 0; hop < ttl && tree < limits::kMaxVisits && shell > 0; ++hop) {
    shell = shell * (1000 - std::min(missed_permille, 1000u)) / 1000;
    tree += shell;
    shell *= degree - 1;
  }
  if (network.peers == 0) return static_cast<std::uint32_t>(std::min<std::uint64_t>(tree, limits::kMaxVisits));
  const std::uint64_t missed = exp_minus((tree << 16) / network.peers);
  return static_cast<std::uint32_t>(network.peers - network.peers * missed / 65536);
}

}  // namespace earshot::overlay
