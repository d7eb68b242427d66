// One run in parts, each with a range of the peers, on threads or on the ranks of an MPI job: for networks that need more memory
// than one machine has, and with the full protocol for speed.
//
//  1. Parts work in windows as long as the fastest link: what one part does in a window reaches another part in a later one.
//     Rationale: then nobody ever has to take anything back, and no event needs to know where its sender is.
//  2. After each window they exchange the messages that cross, in the order in which each sender sent them; the wheel then orders
//     them as it does in one part. So the result is the same, bit for bit, with any number of parts.
//  3. A window begins where the earliest event of any part is, so quiet times are skipped.
//
// Cost: three waits for each other a window. Each part holds all of the world (graph, catalogue, questions, who is alive); peers,
// views and what is in flight are in one part only.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/parcel.h"
#include "sim/results.h"
#include "sim/simulation.h"

namespace earshot::sim {

/// Where the parts of one run wait for each other.
class Meeting {
 public:
  virtual ~Meeting() = default;
  /// The least of what all parts say.
  virtual Instant earliest(Instant ours) = 0;
  /// Hands over what is for each part, and takes what is for us: by part, and of each in its order. Leaves `outgoing` empty.
  virtual std::vector<Crossing> exchange(std::vector<std::vector<Crossing>>& outgoing) = 0;
  /// At part 0 what all parts leave behind, in their order; nothing at the others. Called once, at the end.
  virtual std::vector<PartOutcome> gather(PartOutcome ours) = 0;
};

/// Of the calling thread; the simulation itself knows no clock but the simulated one.
using CpuTime = std::function<Duration()>;

struct WholeRun {
  RunRecord record;
  RunCost cost;  // of all parts together, without the world
};

/// The part of a run that `options` say, to its end. The whole run at part 0, nothing of use at the others.
WholeRun run_part(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                  Simulation::Options options, Meeting& meeting, const CpuTime& cpu_time);

/// A whole run on as many threads as parts. `options` are those of the whole.
WholeRun run_on_threads(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                        Simulation::Options options, std::uint32_t parts, const CpuTime& cpu_time);

}  // namespace earshot::sim
