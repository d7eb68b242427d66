// Windows, and meetings of threads.
#include "sim/partition.h"

#include <algorithm>
#include <barrier>
#include <thread>
#include <utility>

#include "schema/check.h"
#include "sim/census.h"
#include "sim/graph_export.h"

namespace earshot::sim {

namespace {

/// What the threads share. Who writes where, and when: each element `i` belongs to part i between two waits.
struct SharedParts {
  explicit SharedParts(std::uint32_t parts) : barrier(parts), next(parts), boxes(parts), outcomes(parts) {}

  std::barrier<> barrier;
  std::vector<Instant> next;
  std::vector<std::vector<std::vector<Crossing>>> boxes;  // from, to
  std::vector<PartOutcome> outcomes;
};

class ThreadMeeting final : public Meeting {
 public:
  ThreadMeeting(SharedParts& shared, std::uint32_t part) : shared_(shared), part_(part) {}

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

  std::vector<PartOutcome> gather(PartOutcome ours) override {
    shared_.outcomes[part_] = std::move(ours);
    shared_.barrier.arrive_and_wait();
    return part_ == 0 ? std::move(shared_.outcomes) : std::vector<PartOutcome>();
  }

 private:
  SharedParts& shared_;
  std::uint32_t part_;
};

WholeRun joined(std::vector<PartOutcome> parts, const Lives& lives) {
  WholeRun whole;
  Components components(static_cast<std::uint32_t>(parts.front().parents.size()));
  std::vector<RunRecord> records;
  for (PartOutcome& part : parts) {
    components.add(part.parents);
    records.push_back(std::move(part.record));
    whole.cost.setup += part.cost.setup;
    whole.cost.run += part.cost.run;
  }
  whole.record = merged(std::move(records));
  whole.record.largest_component = components.largest(lives);
  return whole;
}

}  // namespace

WholeRun run_part(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                  Simulation::Options options, Meeting& meeting, const CpuTime& cpu_time) {
  EARSHOT_CHECK(options.parts > 0 && options.parts <= world.peers && options.observer == nullptr);
  const Duration begun = cpu_time();
  Simulation part(scenario, world, search, seed, options);
  const Duration built = cpu_time();
  for (Instant start = meeting.earliest(part.next()); start < part.end(); start = meeting.earliest(part.next())) {
    part.run_before(start + part.lookahead());
    for (const Crossing& crossing : meeting.exchange(part.outgoing())) part.enter(crossing);
  }
  PartOutcome outcome;
  outcome.cost = {built - begun, cpu_time() - built};
  std::vector<std::uint32_t> degrees = degrees_of(part.population());
  Components components(world.peers);
  components.add(part.population(), part.lives());
  outcome.parents = components.parents();
  outcome.record = part.record();
  outcome.record.degrees = std::move(degrees);
  std::vector<PartOutcome> all = meeting.gather(std::move(outcome));
  return all.empty() ? WholeRun() : joined(std::move(all), part.lives());
}

WholeRun run_on_threads(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                        Simulation::Options options, std::uint32_t parts, const CpuTime& cpu_time) {
  SharedParts shared(parts);
  WholeRun whole;
  options.parts = parts;
  std::vector<std::jthread> threads;
  for (std::uint32_t part = 0; part < parts; ++part) {
    threads.emplace_back([&, options, part]() mutable {
      options.part = part;
      ThreadMeeting meeting(shared, part);
      WholeRun run = run_part(scenario, world, search, seed, options, meeting, cpu_time);
      if (part == 0) whole = std::move(run);
    });
  }
  threads.clear();  // waits for all
  return whole;
}

}  // namespace earshot::sim
