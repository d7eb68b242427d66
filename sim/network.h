// Links of the simulated network: how long a message takes and whether it is lost.
//
// Rules:
//  1. A message's fate follows from a hash of (seed, sender, receiver, the sender's count of messages) and nothing else.
//     Rationale: no other message, peer or thread can shift it, so runs that differ in one thing differ in that thing only.
//  2. Every distribution is a table of 4,096 quantiles in microseconds with straight lines between them. Rationale: one
//     look-up in 16 kB instead of a logarithm, and whole numbers only, so the same with every compiler.
//  3. Latency belongs to the link by default, the same in both directions, and messages on a link keep their order as on
//     the TCP connection that the real transport uses. Per message it is drawn anew each time, and messages may overtake.
//     Where `coordinates` or `matrix` say who lives where, latency is that of the two places (distances.h).
//  4. `jitter` adds a uniform share of itself to each message, so that messages on one link overtake each other; a duplicate
//     is the same message once more, with a jitter of its own.
//  5. While the network is parted nothing passes between the two sides; which side a peer is on is drawn for each parting.
//     Who sends across learns, as under rule 6, that his link is gone.
//  6. A peer that has died answers nothing. Who sends to it learns so after a round trip and `lost_after`, as a connection
//     that is refused or resets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/time.h"
#include "sim/distances.h"
#include "sim/fixed_math.h"

namespace earshot::sim {

enum class LatencyLaw : std::uint8_t { kConstant, kUniform, kLogNormal, kCoordinates, kMatrix };
enum class LatencyPer : std::uint8_t { kLink, kMessage };

struct NetworkSettings {
  LatencyLaw law = LatencyLaw::kLogNormal;
  Duration median = 60ms;              // constant, log-normal, drawn coordinates
  Duration min = 20ms;                 // uniform; coordinates and matrix are never shorter
  Duration max = 100ms;                // uniform; log-normal is cut here
  Fixed sigma = 2147483648;            // log-normal: 1/2, in natural logarithms
  std::filesystem::path file;          // coordinates, or none: they are drawn; matrix
  LatencyPer per = LatencyPer::kLink;
  std::uint32_t loss_per_million = 0;
  std::uint32_t duplicates_per_million = 0;
  Duration jitter{};
  Duration faults_until{};             // after the last join: from then on no loss, no duplicates, no jitter; 0: never
  Duration lost_after = 1s;
};

/// A share of the peers cannot reach the others for a while.
struct PartitionSettings {
  Duration at{};                       // after the last join
  Duration until{};
  std::uint32_t per_million = 500'000; // on the one side
};

class Network {
 public:
  static constexpr int kTableBits = 12;  // rule 2

  /// `distances` belongs to coordinates and matrix and must outlive the network; null for the other laws.
  Network(const NetworkSettings& settings, std::uint64_t seed, const Distances* distances = nullptr);

  /// How long the `count`th message of `from` takes to `to`; nothing when it is lost.
  std::optional<Duration> travel(PeerId from, PeerId to, std::uint32_t count) const {
    return fates_differ_ ? drawn_travel(from, to, count) : latency(from, to);
  }

  /// How long its second copy takes, if it arrives twice.
  std::optional<Duration> duplicate(PeerId from, PeerId to, std::uint32_t count) const {
    return settings_.duplicates_per_million == 0 ? std::nullopt : drawn_duplicate(from, to, count);
  }

  /// Whether two peers are on different sides of this parting, whatever the time.
  bool parts(const PartitionSettings& partition, PeerId a, PeerId b) const;

  /// How long after sending to a dead peer the sender knows.
  Duration until_lost(PeerId from, PeerId to) const;

  /// Of the link, without what differs from message to message.
  Duration latency(PeerId from, PeerId to) const {
    if (!quantiles_.empty()) return quantile(link_hash(from, to));
    if (distances_ == nullptr) return settings_.median;
    return std::max(distances_->between(from, to), std::max(settings_.min, Duration(1)));
  }

  /// No more loss, duplicates and jitter.
  void calm();

  /// No link is faster, or slower.
  Duration shortest() const;
  Duration longest() const;

 private:
  std::optional<Duration> drawn_travel(PeerId from, PeerId to, std::uint32_t count) const;
  std::optional<Duration> drawn_duplicate(PeerId from, PeerId to, std::uint32_t count) const;
  Duration quantile(std::uint64_t hash) const {
    const std::uint64_t point = hash >> (64 - kTableBits);
    const std::uint64_t between = (hash >> 32) & ((1u << (32 - kTableBits)) - 1);
    const std::uint64_t low = quantiles_[point];
    const std::uint64_t high = quantiles_[point + 1];
    return Duration(static_cast<std::int64_t>(low + ((high - low) * between >> (32 - kTableBits))));
  }
  Duration jitter(std::uint64_t hash) const;
  std::uint64_t link_hash(PeerId from, PeerId to) const {
    const std::uint64_t low = std::min(to_number(from), to_number(to));
    const std::uint64_t high = std::max(to_number(from), to_number(to));
    return siphash(link_key_, low << 32 | high);
  }
  std::uint64_t fate_of(PeerId from, std::uint32_t count) const;

  NetworkSettings settings_;
  const Distances* distances_;
  SipKey link_key_;
  SipKey message_key_;
  SipKey side_key_;
  bool fates_differ_ = false;             // messages on one link do
  std::vector<std::uint32_t> quantiles_;  // microseconds; empty for a constant and for places
};

}  // namespace earshot::sim
