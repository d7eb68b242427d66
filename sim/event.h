// What waits in the simulator's wheel: something that happens to one peer at one instant. Small and flat, because a flood
// over a million peers has some eight million of them in flight; what is large stays in pools that `body` points into.
#pragma once

#include <cstdint>

#include "schema/ids.h"
#include "schema/time.h"

namespace earshot::sim {

/// What happens. The first eleven follow overlay::Message, one each; flight.h says what the other fields mean for them.
enum class EventKind : std::uint8_t {
  kJoin, kForwardJoin, kNeighbor, kNeighborReply, kLeave, kShuffle, kShuffleReply, kQuery, kHits,
  kPublish, kEstimate,
  kLost,   // `to` learns that its link to `from` is gone
  kTick,   // a deadline of `to` may have come
  kStart,  // `to` joins the network
  kAsk,    // `to` asks the question number `body` of the workload
  kCrash,  // the crash number `body` of the scenario; `to` is some peer, so that every target exists
  kDepart, // the session number `body` of `to` ends
  kStep,   // clock step number `body` of the scenario
  kDeed,   // `to`, an attacker, does what he does every period
  kProbe,  // a look at everything; changes nothing
  kOffer,  // `to`, a peer of a fixed graph, has a digest to publish
  kCalm,   // the network's faults end
};

struct Event {
  Instant at{};
  PeerId from = kNoPeer;
  PeerId to = kNoPeer;
  std::uint32_t body = 0;
  std::uint16_t ttl = 0;
  std::uint16_t hops = 0;
  EventKind kind = EventKind::kTick;
  std::uint8_t flag = 0;
  std::uint32_t visits = 0;

  bool operator==(const Event&) const = default;
};

}  // namespace earshot::sim
