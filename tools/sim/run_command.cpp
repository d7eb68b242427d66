// earshot-sim run: one scenario over a range of seeds, as a table for people, JSON for scripts, and files.
#include <fmt/format.h>
#include <time.h>

#include <memory>
#include <optional>

#include "sim/experiment.h"
#include "sim/trace.h"
#include "sim/world.h"
#include "tools/sim/command.h"
#include "tools/sim/graph_files.h"
#include "tools/sim/progress.h"
#include "tools/sim/ranks.h"
#include "tools/sim/study_flags.h"
#include "tools/sim/study_folder.h"
#include "tools/sim/swarm_run.h"

namespace earshot::simtool {

namespace {

struct RunFlags {
  StudyFlags study;
  std::string out;
  std::uint32_t threads = 1;
  std::uint32_t parts = 1;
  std::string graph_at;
  std::string trace;
  bool json = false;
  bool through_the_wire = false;
  bool partition = false;
};

Duration thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Duration(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000);
}

Result<void> write_results(const std::string& out, const StudyPlan& plan, const sim::Study& study,
                           const std::vector<sim::RunRecord>& records) {
  sim::StudyTables tables = sim::headers(study);
  for (const sim::RunRecord& record : records) sim::append(tables, sim::rows_of(study, {0, record.seed}, std::span(&record, 1)));
  if (auto made = make_folder(out); !made) return made;
  if (auto written = write_tables(out, tables); !written) return written;
  return write_manifest(out, plan, study);
}

/// The first run once more, with somebody who writes down what is said.
Result<void> write_trace(const std::string& path, const sim::Scenario& scenario, std::uint64_t seed) {
  const auto world = sim::build_world(scenario, seed);
  if (!world) return tl::unexpected(world.error());
  sim::Trace trace(scenario, *world, scenario.searches[0], seed);
  sim::Simulation::Options options;
  options.observer = &trace;
  sim::Simulation simulation(scenario, *world, scenario.searches[0], seed, options);
  simulation.run();
  return write_file(path, trace.take_lines());
}

/// The flags that go together with peers in several processes.
Result<void> check_partition(const RunFlags& flags, const sim::Scenario& scenario, std::uint32_t ranks) {
  if (flags.threads > 1 || flags.parts > 1 || !flags.graph_at.empty() || !flags.trace.empty()) {
    return fail(ErrorCode::kInvalid, "--partition: no --threads, --parts, --graph-at or --trace beside it");
  }
  if (scenario.bare) return fail(ErrorCode::kInvalid, "--partition: population.bare has no messages that could cross");
  if (scenario.peers && *scenario.peers < ranks) {
    return fail(ErrorCode::kInvalid, "--partition: {} ranks share {} peers", ranks, *scenario.peers);
  }
  return {};
}

Result<int> run(const RunFlags& flags) {
  const auto plan = flags.study.plan_run();
  if (!plan) return tl::unexpected(plan.error());
  const auto swarm = sim::parse_swarm_scenario(plan->text, plan->path, plan->overrides);
  if (!swarm) return tl::unexpected(swarm.error());
  if (*swarm) {
    if (!flags.out.empty() || !flags.trace.empty() || flags.parts > 1 || flags.partition) {
      return fail(ErrorCode::kInvalid, "a [swarm] has no --out, --trace, --parts and --partition");
    }
    return run_swarm_seeds(**swarm, plan->seeds, flags.json);
  }
  const auto study = plan->study();
  if (!study) return tl::unexpected(study.error());
  const sim::Scenario& scenario = study->scenarios[0];

  sim::ExperimentOptions options;
  options.seeds = plan->seeds;
  options.threads = flags.threads;
  options.parts = flags.parts;
  options.through_the_wire = flags.through_the_wire;
  options.cpu_time = thread_cpu_time;
  const auto moments = moments_from(flags.graph_at);
  if (!moments) return tl::unexpected(moments.error());
  options.moments = *moments;
  GraphFiles graphs(flags.out, plan->seeds.first, scenario.searches[0].name, /*large=*/!moments->empty());
  if (!flags.out.empty()) {
    options.look = [&](const auto& simulation, std::uint64_t seed, const auto& search, auto moment) { graphs.look(simulation, seed, search, moment); };
  } else if (!moments->empty()) {
    return fail(ErrorCode::kInvalid, "--graph-at needs --out, a folder for the files");
  }
  std::optional<Ranks> ranks;
  if (flags.partition) {
    auto joined = Ranks::join();
    if (!joined) return tl::unexpected(joined.error());
    ranks.emplace(std::move(*joined));
    if (auto good = check_partition(flags, scenario, ranks->size()); !good) return tl::unexpected(good.error());
    options.look = nullptr;
    options.run_apart = [&](const auto&... run) { return ranks->run_part(run..., thread_cpu_time); };
  }
  std::optional<Progress> progress(0);
  options.progress = [&](std::size_t done, std::size_t all) { progress->show(done, all); };
  const auto result = sim::run_experiment(scenario, options);
  progress.reset();
  if (!result) return tl::unexpected(result.error());
  if (ranks && !ranks->is_first()) return kDone;

  if (!flags.trace.empty()) {
    if (auto written = write_trace(flags.trace, scenario, plan->seeds.first); !written) return tl::unexpected(written.error());
  }
  if (!flags.out.empty()) {
    if (auto written = graphs.written(); !written) return tl::unexpected(written.error());
    if (auto written = write_results(flags.out, *plan, *study, result->records); !written) return tl::unexpected(written.error());
  }
  if (flags.json) {
    for (std::size_t i = 0; i < result->records.size(); ++i) {
      fmt::print("{}", sim::json_line(sim::row_of(scenario.name, result->records[i]), result->records[i], result->costs[i]));
    }
    return kDone;
  }
  fmt::print("{}, {} peers, seeds {}..{}, mean ± 95 % interval over seeds\n\n{}", scenario.name, result->records[0].peers,
             plan->seeds.first, plan->seeds.last, sim::summary_table(result->records, result->costs));
  return kDone;
}

}  // namespace

Command run_command() {
  const auto flags = std::make_shared<RunFlags>();
  return {"run", "Run a scenario over a range of seeds",
          [flags](Arguments& arguments) {
            flags->study.declare(arguments);
            arguments.optional("--out", flags->out, "Folder for runs.csv, series.csv, histograms.csv, probes.csv and manifest.json");
            arguments.optional("--graph-at", flags->graph_at, "Seconds into the first run, 0,12.5,60: its overlay then, as GraphML and edge list");
            arguments.optional("--trace", flags->trace, "File for all that is said in the first run, a JSON object a line; for replay");
            arguments.number("--threads", flags->threads, 1, 1024, "Seeds run at the same time; results stay the same");
            arguments.number("--parts", flags->parts, 1, 1024, "Threads that share one run's peers; results stay the same");
            arguments.yes("--partition", flags->partition, "The ranks of an MPI job share each run's peers; results stay the same");
            arguments.yes("--json", flags->json, "One JSON object per run instead of the table");
            arguments.yes("--through-the-wire", flags->through_the_wire, "Encode and decode every message");
          },
          [flags] { return run(*flags); }};
}

}  // namespace earshot::simtool
