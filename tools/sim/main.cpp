// earshot-sim: runs scenarios of the simulator and prints what they came to.
// Exit codes: 0 done, 2 wrong usage, scenario or file.
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "sim/experiment.h"
#include "sim/results.h"
#include "sim/scenario.h"

namespace {

using namespace earshot;

constexpr int kDone = 0;
constexpr int kWrong = 2;

struct RunFlags {
  std::string scenario;
  std::optional<std::uint32_t> nodes;
  std::string seeds = "1";
  std::string out;
  std::vector<std::string> set;
  unsigned threads = 1;
  bool json = false;
  bool through_the_wire = false;
};

Duration thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Duration(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000);
}

void show_progress(std::size_t done, std::size_t all) {
  fmt::print(stderr, "\r{}/{} runs{}", done, all, done == all ? "\r\x1b[K" : "");
  std::fflush(stderr);
}

Result<std::vector<sim::Override>> overrides_of(const RunFlags& flags) {
  std::vector<sim::Override> overrides;
  for (const std::string& one : flags.set) {
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::kInvalid, "--set {}: write key=value, network.loss=0.1 for example", one);
    }
    overrides.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (flags.nodes) overrides.emplace_back("population.peers", fmt::to_string(*flags.nodes));
  return overrides;
}

Result<void> write_csv(const std::filesystem::path& folder, const std::string& csv) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::filesystem::path path = folder / "runs.csv";
  std::ofstream file(path, std::ios::binary);
  file << csv;
  file.close();
  if (!file) return fail(ErrorCode::kDisk, "cannot write '{}'", path.string());
  return {};
}

Result<void> run(const RunFlags& flags) {
  const auto overrides = overrides_of(flags);
  if (!overrides) return tl::unexpected(overrides.error());
  const auto scenario = sim::load_scenario(flags.scenario, *overrides);
  if (!scenario) return tl::unexpected(scenario.error());
  const auto seeds = sim::seeds_from(flags.seeds);
  if (!seeds) return tl::unexpected(seeds.error());

  sim::ExperimentOptions options;
  options.seeds = *seeds;
  options.threads = flags.threads;
  options.through_the_wire = flags.through_the_wire;
  options.cpu_time = thread_cpu_time;
  if (isatty(STDERR_FILENO) != 0) options.progress = show_progress;
  const auto result = sim::run_experiment(*scenario, options);
  if (!result) return tl::unexpected(result.error());

  std::string csv = sim::csv_header();
  for (std::size_t i = 0; i < result->records.size(); ++i) {
    const auto row = sim::row_of(scenario->name, result->records[i]);
    csv += sim::csv_line(row);
    if (flags.json) fmt::print("{}", sim::json_line(row, result->records[i], result->costs[i]));
  }
  if (!flags.out.empty()) {
    if (auto written = write_csv(flags.out, csv); !written) return written;
  }
  if (flags.json) return {};
  fmt::print("{}, {} peers, seeds {}..{}, mean ± 95 % interval over seeds\n\n{}", scenario->name, result->records[0].peers,
             seeds->first, seeds->last, sim::summary_table(result->records, result->costs));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("earshot-sim: what would a million peers do?\n"
               "Drives the protocol's real code in simulated time; the same seed gives the same run everywhere.");
  app.require_subcommand(1);
  CLI::App* version = app.add_subcommand("version", "Print the version");
  CLI::App* runner = app.add_subcommand("run", "Run a scenario over a range of seeds");
  RunFlags flags;
  runner->add_option("scenario", flags.scenario, "TOML file; sim/scenarios has examples")->required();
  runner->add_option("--nodes", flags.nodes, "Number of peers, instead of population.peers");
  runner->add_option("--seeds", flags.seeds, "One seed, or a range A..B")->capture_default_str();
  runner->add_option("--out", flags.out, "Folder for runs.csv, one row per run");
  runner->add_option("--set", flags.set, "key=value, instead of the scenario's (repeatable)")->allow_extra_args(false);
  runner->add_option("--threads", flags.threads, "Seeds run at the same time; results stay the same")
      ->check(CLI::Range(1u, 1024u))->capture_default_str();
  runner->add_flag("--json", flags.json, "One JSON object per run instead of the table");
  runner->add_flag("--through-the-wire", flags.through_the_wire, "Encode and decode every message");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrong;
  }
  if (version->parsed()) {
    fmt::print("earshot-sim {}\n", EARSHOT_VERSION);
    return kDone;
  }
  if (const auto done = run(flags); !done) {
    fmt::print(stderr, "earshot-sim: {}\n", done.error().what);
    return kWrong;
  }
  return kDone;
}
