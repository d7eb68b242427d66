// A run as a conversation: every effect of every peer, one JSON object a line, for other programs and for `earshot-sim replay`, which
// makes a transcript of it that tests/overlay plays again.
//
//   {"trace":1,"scenario":...,"search":...,"seed":...,"peers":...,"active_size":...,"passive_size":...,"latency_us":...,
//    "unplayable":"why a transcript of it cannot be played, or empty"}
//   {"text":"item 3","holders":[1,2]}                                            of each item that is asked for
//   {"us":50000,"peer":1,"effect":"send","to":2,"message":"Query","id":"32 hex digits","ttl":0,"hops":2,"says":"send 2 Query ..."}
// `effect` is send, look_up, open, connect, disconnect, ban, deliver, host_digest or drop_digest;
// `message`, `to`, `id`, `ttl` and `hops` where there is such a thing.
#pragma once

#include <cstddef>
#include <string>

#include "sim/scenario.h"
#include "sim/simulation.h"
#include "sim/world.h"

namespace earshot::sim {

class Trace final : public Observer {
 public:
  /// A flood over a thousand peers fits. What is beyond is left out, and lines() ends in {"cut":true}.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20;

  Trace(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed);

  void wants(Instant now, PeerId peer, const overlay::Effect& effect) override;

  /// Call once, after the run.
  std::string take_lines();

 private:
  std::string lines_;
  bool cut_ = false;
};

/// Why the peers of tests/overlay cannot have this conversation word for word: they know one latency in whole milliseconds, no loss, no
/// death, one contact each. Empty when they can.
std::string why_unplayable(const Scenario& scenario, const SearchSettings& search);

}  // namespace earshot::sim
