// Real nodes on loopback that do what a scenario says: who holds what and who asks for what are those of the simulated world; the
// overlay is what their own membership protocol makes of it.
#pragma once

#include <filesystem>
#include <vector>

#include "schema/result.h"
#include "sim/scenario.h"
#include "sim/world.h"
#include "tools/cli/demo_network.h"

namespace earshot::simtool {

/// What one question came to in the whole network.
struct MeasuredQuestion {
  std::uint32_t available = 0;   // other nodes that hold the item
  std::uint32_t holders = 0;     // of these: found
  std::uint64_t messages = 0;    // copies of the question, sent by all nodes
  std::uint64_t duplicates = 0;  // of these: seen before
  std::uint64_t hops = 0;        // of the first hit
  std::uint64_t first_ms = 0;    // to the first hit, as the asking node saw it
};

class MeasuredNetwork {
 public:
  /// Starts a node for each peer of the world, one after the other through an earlier one, and gives it its library. `program` is
  /// the earshot binary. Errors: those of the processes.
  static Result<MeasuredNetwork> start(const std::filesystem::path& program, const sim::World& world, std::uint64_t seed);

  /// Mean number of neighbours.
  Result<double> degree();

  /// Asks question `number` of the world as `search` says, and waits until it is over.
  Result<MeasuredQuestion> ask(const sim::World& world, std::size_t number, const sim::SearchSettings& search, Duration time);

 private:
  explicit MeasuredNetwork(cli::DemoNetwork nodes) : nodes_(std::move(nodes)) {}
  Result<void> join(std::size_t node, std::size_t contact);
  Result<void> fill(std::size_t node, const sim::World& world);
  struct Counts {
    std::uint64_t copies = 0, duplicates = 0, neighbors = 0;
  };
  Result<Counts> counts();

  cli::DemoNetwork nodes_;
};

}  // namespace earshot::simtool
