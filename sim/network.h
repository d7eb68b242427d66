// Links of the simulated network: how long a message takes and whether it is lost.
//
// Rules:
//  1. A message's fate follows from a hash of (seed, sender, receiver, the sender's count of messages) and nothing else.
//     Rationale: no other message, peer or thread can shift it, so runs that differ in one thing differ in that thing only.
//  2. Every distribution is a table of 4,096 quantiles in microseconds with straight lines between them. Rationale: one
//     look-up in 16 kB instead of a logarithm, and whole numbers only, so the same with every compiler.
//  3. Latency belongs to the link by default, the same in both directions, and messages on a link keep their order as on
//     the TCP connection that the real transport uses. Per message it is drawn anew each time, and messages may overtake.
//  4. A peer that has died answers nothing. Who sends to it learns so after a round trip and `lost_after`, as a connection
//     that is refused or resets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/time.h"
#include "sim/fixed_math.h"

namespace earshot::sim {

enum class LatencyLaw : std::uint8_t { kConstant, kUniform, kLogNormal };
enum class LatencyPer : std::uint8_t { kLink, kMessage };

struct NetworkSettings {
  LatencyLaw law = LatencyLaw::kLogNormal;
  Duration median = 60ms;              // constant and log-normal
  Duration min = 20ms;                 // uniform
  Duration max = 100ms;                // uniform; log-normal is cut here
  Fixed sigma = 2147483648;            // log-normal: 1/2, in natural logarithms
  LatencyPer per = LatencyPer::kLink;
  std::uint32_t loss_per_million = 0;
  Duration lost_after = 1s;
};

class Network {
 public:
  Network(const NetworkSettings& settings, std::uint64_t seed);

  /// How long the `count`th message of `from` takes to `to`; nothing when it is lost.
  std::optional<Duration> travel(PeerId from, PeerId to, std::uint32_t count) const;

  /// How long after sending to a dead peer the sender knows.
  Duration until_lost(PeerId from, PeerId to) const;

 private:
  Duration latency(std::uint64_t hash) const;
  std::uint64_t link_hash(PeerId from, PeerId to) const;

  NetworkSettings settings_;
  SipKey link_key_;
  SipKey message_key_;
  std::vector<std::uint32_t> quantiles_;  // microseconds; empty for a constant
};

}  // namespace earshot::sim
