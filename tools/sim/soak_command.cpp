// earshot-sim soak: small networks under faults that each seed draws for itself, until one breaks or all held.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "sim/experiment.h"
#include "sim/soak.h"
#include "tools/sim/command.h"
#include "tools/sim/progress.h"

namespace earshot::simtool {

namespace {

struct SoakFlags {
  std::string seeds = "1..100";
  std::uint32_t threads = 1;
};

/// What the threads share: `next` hands out seeds, `mutex` guards the rest.
struct Shared {
  std::atomic<std::uint64_t> next;
  std::uint64_t last = 0;
  std::size_t wanted = 0;
  std::mutex mutex;
  std::size_t done = 0;
  std::uint64_t events = 0;
  std::vector<sim::SoakResult> broken;
};

void work(Shared& shared, Progress& progress) {
  for (std::uint64_t seed = shared.next++; seed <= shared.last; seed = shared.next++) {
    sim::SoakResult result = sim::soak(seed);
    const std::lock_guard lock(shared.mutex);
    shared.events += result.events;
    if (result.violation) {
      fmt::print("seed {}: {}\n  earshot-sim soak --seeds {}\n", seed, *result.violation, seed);
      std::fflush(stdout);
      shared.broken.push_back(std::move(result));
    }
    progress.show(++shared.done, shared.wanted);
  }
}

Result<int> soak(const SoakFlags& flags) {
  const auto seeds = sim::seeds_from(flags.seeds);
  if (!seeds) return tl::unexpected(seeds.error());
  Shared shared;
  shared.next = seeds->first;
  shared.last = seeds->last;
  shared.wanted = seeds->last - seeds->first + 1;
  {
    Progress progress(0);
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 1; i < flags.threads; ++i) threads.emplace_back([&] { work(shared, progress); });
    work(shared, progress);
  }
  fmt::print("{} of {} seeds held, {} events\n", shared.done - shared.broken.size(), shared.done, shared.events);
  return shared.broken.empty() ? kDone : kNotGood;
}

}  // namespace

Command soak_command() {
  const auto flags = std::make_shared<SoakFlags>();
  return {"soak", "Search for a seed whose faults break what must hold",
          [flags](Arguments& arguments) {
            arguments.optional("--seeds", flags->seeds, "One seed, or a range A..B");
            arguments.number("--threads", flags->threads, 1, 1024, "Seeds run at the same time");
          },
          [flags] { return soak(*flags); }};
}

}  // namespace earshot::simtool
