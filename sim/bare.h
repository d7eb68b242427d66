// The same floods and walks without the protocol's code: a fixed graph, two bits per peer, nothing else. For the largest
// networks, for checking the simulator with peers against something simpler, and for what the machine can do at best.
//
// Rules:
//  1. Queries do not touch each other here, so each begins at its own time 0, and floods are run one after the other.
//  2. A flood is worked on in windows no longer than any link, and within a window block by block of 2^15 peers, each in the
//     order of time. Rationale: nothing in a window follows from anything else in it, and the bits of a block stay in the
//     nearest cache.
//  3. Walkers of many queries step together, so that there is something to fetch ahead while one of them steps.
//  4. Hits come back on the way that the query took, which is as long: the first is at the origin after twice the time that
//     the query took to its holder.
//  5. A link has the latency that sim/network.h gives it under the same seed, so a flood without loss reaches the same peers
//     with the same messages as a flood among peers. Walkers take other steps by the same rule: not back, if there is
//     another way.
// There is no loss, no jitter, no churn, no class and no attacker; scenario.cpp refuses them with `bare`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/network.h"
#include "sim/run_record.h"
#include "sim/scenario.h"
#include "sim/step_ring.h"
#include "sim/world.h"

namespace earshot::sim {

class BareRun {
 public:
  /// `scenario` and `world` must outlive the run. REQUIRES: scenario.bare, so there is a fixed graph.
  BareRun(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed);

  void run();
  /// Call once, after run().
  RunRecord record();

 private:
  /// Queries that are worked on together, each with its marks.
  struct Slot {
    QueryTrack track;
    std::uint64_t key = 0;               // of its walkers' steps
    std::vector<std::uint64_t> marks;    // two bits per peer: has seen the query, holds what it asks for
  };

  void begin(Slot& slot, std::uint32_t question);
  void end(Slot& slot);
  void flood(std::uint32_t question);
  void walk(std::uint32_t first, std::uint32_t count);
  bool visit(Slot& slot, const Step& step, std::uint16_t ttl_at_origin);
  void answer(Slot& slot, const Step& step, std::uint32_t hops);
  std::uint32_t latency(std::uint32_t from, std::uint32_t to) const;
  void prefetch(const Step& step) const;

  const Scenario& scenario_;
  const World& world_;
  const Topology& graph_;
  const SearchSettings& search_;
  std::uint64_t seed_;
  Network network_;
  StepRing ring_;
  std::vector<Slot> slots_;
  RunRecord record_;
};

}  // namespace earshot::sim
