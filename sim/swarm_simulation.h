// A swarm in simulated time: one source and many peers who come, play, give and go. Drives stream::ppspp::Swarm and LiveSwarm as
// stream/ppspp/engine does, with the network of a scenario and uplinks that are slower than what is asked of them.
//
// Rules
//  1. Datagrams take what sim/network.h says, behind what its sender's uplink still has to send; a queue of more than half a
//     second is full. Downlinks are not the bottleneck.
//  2. What arrives within kSlot at a peer arrives together: one tick serves it, as a driver does after each batch.
//  3. A newcomer is told `providers` peers that are alive, the source among them with the chance of any other; the first
//     ones are told the source. The rest they tell each other.
//  4. Who goes is replaced at once by somebody new. What was under way to him is lost.
// The same seed gives the same events everywhere; `event_hash` says so. (The live source's key is drawn by the system: it changes
// bytes of signatures, and nothing that happens.)
#pragma once

#include <cstdint>
#include <vector>

#include "schema/result.h"
#include "sim/swarm_scenario.h"

namespace earshot::sim {

struct SwarmRecord {
  std::uint32_t peers = 0;        // who ever came, without the source
  std::uint32_t heard = 0;        // of them, whose sound began
  std::uint32_t stood_still = 0;  // of those, whose sound stopped at least once
  Duration start_p50{}, start_p95{}, start_max{};
  double stalled_percent = 0;     // of all time between first sound and last
  double source_copies = 0;       // bytes that the source sent, by those of the content or the stream
  std::uint32_t whole = 0;        // vod: who got everything
  Duration whole_p50{}, whole_p95{}, whole_max{};
  Duration delay_p50{}, delay_p95{};  // live: behind the source
  Duration simulated{};
  std::uint64_t datagrams = 0, lost = 0;
  std::uint64_t event_hash = 0;
};

/// Errors: those of the session law.
Result<SwarmRecord> run_swarm(const SwarmScenario& scenario, std::uint64_t seed);

}  // namespace earshot::sim
