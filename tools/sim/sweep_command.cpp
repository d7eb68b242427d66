// earshot-sim sweep: every point of a sweep with every seed, kept as it finishes.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "sim/desk.h"
#include "sim/journal.h"
#include "sim/overlay_drawing.h"
#include "sim/table_file.h"
#include "tools/sim/command.h"
#include "tools/sim/graph_files.h"
#include "tools/sim/progress.h"
#include "tools/sim/ranks.h"
#include "tools/sim/slurm.h"
#include "tools/sim/study_flags.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

namespace {

struct SweepFlags {
  StudyFlags study;
  std::string out;
  std::string chunk;
  std::string emit;
  std::uint32_t tasks = 10;
  std::uint32_t threads = std::max(1u, std::thread::hardware_concurrency());
  bool through_the_wire = false;
};

/// The overlay of the first run, where it is small enough to be drawn. It runs once more for that, which costs next to nothing.
Result<void> draw_overlay(const std::filesystem::path& folder, const sim::Study& study) {
  const sim::Scenario& scenario = study.scenarios[0];
  if (!scenario.peers || *scenario.peers > sim::kMostDrawn) return {};
  GraphFiles graphs(folder, study.seeds.first, scenario.searches[0].name, /*large=*/false);
  sim::ExperimentOptions options;
  options.seeds = {study.seeds.first, study.seeds.first};
  options.look = [&](const auto& simulation, std::uint64_t seed, const auto& search, auto moment) { graphs.look(simulation, seed, search, moment); };
  if (const auto result = sim::run_experiment(scenario, options); !result) return tl::unexpected(result.error());
  return graphs.written();
}

/// "2/10": task 2 of the ten 0..9.
Result<sim::Chunk> chunk_from(const std::string& text) {
  if (text.empty()) return sim::Chunk{};
  sim::Chunk chunk;
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || !sim::parse_number(text.substr(0, slash), chunk.index) ||
      !sim::parse_number(text.substr(slash + 1), chunk.of) || chunk.index >= chunk.of) {
    return fail(ErrorCode::kInvalid, "--chunk {}: write I/N, 0/10 to 9/10 for ten tasks", text);
  }
  return chunk;
}

Result<void> run_here(const SweepFlags& flags, const StudyPlan& plan, const sim::Study& study, Ranks& ranks, sim::Chunk chunk) {
  const std::filesystem::path folder = flags.out;
  if (auto made = make_folder(folder); !made) return made;
  const auto lock = FolderLock::take(folder);
  if (!lock) return tl::unexpected(lock.error());
  auto journal = sim::Journal::open(folder / "journal.tsv", study.fingerprint, program_version());
  if (!journal) return tl::unexpected(journal.error());
  if (auto written = write_manifest(folder, plan, study); !written) return written;

  std::optional<Progress> progress;
  std::optional<sim::Desk> desk;
  desk.emplace(study, chunk, [&](const sim::Pair& pair, const sim::PairRows& rows) {
    const auto far = desk->progress();
    progress->show(far.done, far.wanted);
    return journal->append(pair, rows);
  });
  for (auto& [pair, rows] : journal->take_pairs()) desk->recall(pair, std::move(rows));
  const auto before = desk->progress();
  if (before.done > 0) fmt::print(stderr, "resuming: {} of {} runs were finished before\n", before.done, before.wanted);
  progress.emplace(before.done);
  if (auto done = ranks.run(study, *desk, flags.threads, flags.through_the_wire); !done) return done;
  progress.reset();
  if (auto written = write_tables(folder, desk->tables()); !written) return written;
  if (auto drawn = draw_overlay(folder, study); !drawn) return drawn;
  fmt::print("{} points, {} runs of all their searches: '{}' has runs.csv, series.csv, histograms.csv, probes.csv, manifest.json\n", study.points.size(),
             desk->progress().done, folder.string());
  return {};
}

Result<int> sweep(const SweepFlags& flags) {
  const auto plan = flags.study.plan_sweep();
  if (!plan) return tl::unexpected(plan.error());
  const auto study = plan->study();
  if (!study) return tl::unexpected(study.error());
  const auto chunk = chunk_from(flags.chunk);
  if (!chunk) return tl::unexpected(chunk.error());
  if (!flags.emit.empty()) {
    if (flags.emit != "slurm") return fail(ErrorCode::kInvalid, "--emit {}: slurm is what can be written", flags.emit);
    fmt::print("{}", slurm_script(plan->command, flags.out, flags.tasks, flags.threads));
    return kDone;
  }
  auto ranks = Ranks::join();
  if (!ranks) return tl::unexpected(ranks.error());
  const auto done = ranks->is_first() ? run_here(flags, *plan, *study, *ranks, *chunk) : ranks->serve(*study, flags.through_the_wire);
  if (!done) return tl::unexpected(done.error());
  return kDone;
}

}  // namespace

Command sweep_command() {
  const auto flags = std::make_shared<SweepFlags>();
  return {"sweep", "Run every point of a scenario's [sweep] over a range of seeds; repeated, it resumes",
          [flags](Arguments& arguments) {
            flags->study.declare(arguments);
            flags->study.declare_sweep(arguments);
            arguments.required("--out", flags->out, "Folder for the results; an unfinished sweep in it goes on");
            arguments.number("--threads", flags->threads, 1, 1024, "Runs at the same time; results stay the same");
            arguments.optional("--chunk", flags->chunk, "I/N: only this part of the sweep, for job arrays; merge joins them");
            arguments.optional("--emit", flags->emit, "slurm: print the script of a job array instead of running");
            arguments.number("--tasks", flags->tasks, 1, 10'000, "Tasks of the job array");
            arguments.yes("--through-the-wire", flags->through_the_wire, "Encode and decode every message");
          },
          [flags] { return sweep(*flags); }};
}

}  // namespace earshot::simtool
