// Windows, and meetings of threads.
#include "sim/partition.h"

#include <algorithm>
#include <barrier>
#include <memory>
#include <thread>
#include <utility>

#include "schema/check.h"
#include "sim/census.h"
#include "sim/graph_export.h"

namespace earshot::sim {

namespace {

/// What the threads share. Who writes where, and when: `next[i]` and `boxes[i]` belong to part i between two waits.
struct Shared {
  explicit Shared(std::uint32_t parts) : barrier(parts), next(parts), boxes(parts) {}

  std::barrier<> barrier;
  std::vector<Instant> next;
  std::vector<std::vector<std::vector<Crossing>>> boxes;  // from, to
};

class ThreadMeeting final : public Meeting {
 public:
  ThreadMeeting(Shared& shared, std::uint32_t part) : shared_(shared), part_(part) {}

  Instant earliest(Instant ours) override {
    shared_.next[part_] = ours;
    shared_.barrier.arrive_and_wait();
    const Instant least = *std::min_element(shared_.next.begin(), shared_.next.end());
    shared_.barrier.arrive_and_wait();
    return least;
  }

  std::vector<Crossing> exchange(std::vector<std::vector<Crossing>>& outgoing) override {
    shared_.boxes[part_] = std::exchange(outgoing, std::vector<std::vector<Crossing>>(outgoing.size()));
    shared_.barrier.arrive_and_wait();
    std::vector<Crossing> ours;
    for (auto& boxes : shared_.boxes) {
      for (Crossing& crossing : boxes[part_]) ours.push_back(std::move(crossing));
      boxes[part_].clear();
    }
    return ours;
  }

 private:
  Shared& shared_;
  std::uint32_t part_;
};

}  // namespace

void run_part(Simulation& part, Meeting& meeting) {
  for (Instant start = meeting.earliest(part.next()); start < part.end(); start = meeting.earliest(part.next())) {
    part.run_before(start + part.lookahead());
    for (const Crossing& crossing : meeting.exchange(part.outgoing())) part.enter(crossing);
  }
}

RunRecord run_on_threads(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                         Simulation::Options options, std::uint32_t parts) {
  EARSHOT_CHECK(parts > 0 && parts <= world.peers && options.observer == nullptr);
  Shared shared(parts);
  std::vector<std::unique_ptr<Simulation>> simulations(parts);
  std::vector<RunRecord> records(parts);
  options.parts = parts;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t part = 0; part < parts; ++part) {
      threads.emplace_back([&, part] {
        Simulation::Options mine = options;
        mine.part = part;
        simulations[part] = std::make_unique<Simulation>(scenario, world, search, seed, mine);
        ThreadMeeting meeting(shared, part);
        run_part(*simulations[part], meeting);
        std::vector<std::uint32_t> degrees = degrees_of(simulations[part]->population());
        records[part] = simulations[part]->record();
        records[part].degrees = std::move(degrees);
      });
    }
  }
  RunRecord whole = merged(std::move(records));
  const Lives& lives = simulations[0]->lives();
  Components components(world.peers);
  for (const auto& simulation : simulations) components.add(simulation->population(), lives);
  whole.largest_component = parts == 1 ? whole.largest_component : components.largest(lives);
  return whole;
}

}  // namespace earshot::sim
