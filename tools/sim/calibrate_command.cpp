// earshot-sim calibrate: the same scenario simulated and with real nodes on loopback, side by side.
//
// Predicted: the mean of a run, and where the mean of one more network lies in 19 of 20 cases (Student's prediction interval over the
// seeds). Measured: one real network's mean with the 95 % interval over its questions. They agree when the two intervals meet. Time is
// predicted with the scenario's latency and no time for work, so it says how much of what is measured is not the network.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <thread>

#include "sim/experiment.h"
#include "sim/statistics.h"
#include "sim/table.h"
#include "tools/sim/command.h"
#include "tools/sim/measured_network.h"
#include "tools/sim/study_flags.h"

namespace earshot::simtool {

namespace {

namespace fs = std::filesystem;

using sim::Interval;

struct CalibrateFlags {
  StudyFlags study;
  std::string program;
  bool json = false;
};

/// Real nodes cost some 15 MB each and a few ms of every query; more than that and the machine is what is measured.
constexpr std::uint32_t kMostNodes = 200;

struct Row {
  std::string_view name;
  Interval predicted;  // half width: of the prediction interval
  Interval measured;
  int digits;
};

/// One network in twenty lies outside.
Interval prediction(const std::vector<sim::RunRecord>& records, std::string_view column) {
  std::vector<double> values;
  for (const sim::RunRecord& record : records) {
    for (const sim::Cell& cell : sim::row_of("", record)) {
      if (cell.column == column) values.push_back(sim::number_in(cell.text).value_or(0));
    }
  }
  const Interval mean = sim::mean_interval(values);
  return {mean.mean, mean.half_width * std::sqrt(static_cast<double>(values.size()) + 1)};
}

std::string_view verdict(const Row& row) {
  return std::abs(row.predicted.mean - row.measured.mean) <= row.predicted.half_width + row.measured.half_width ? "agrees" : "DIFFERS";
}

Result<std::vector<MeasuredQuestion>> measure(const fs::path& program, const sim::Scenario& scenario, std::uint64_t seed, double& degree) {
  const auto world = sim::build_world(scenario, seed);
  if (!world) return tl::unexpected(world.error());
  auto network = MeasuredNetwork::start(program, *world, seed);
  if (!network) return tl::unexpected(network.error());
  std::this_thread::sleep_for(scenario.topology.settle);
  const auto neighbors = network->degree();
  if (!neighbors) return tl::unexpected(neighbors.error());
  degree = *neighbors;
  std::vector<MeasuredQuestion> questions;
  for (std::size_t i = 0; i < world->questions.size(); ++i) {
    auto measured = network->ask(*world, i, scenario.searches[0], scenario.workload.time);
    if (!measured) return fail_in(fmt::format("question {}", i), measured.error());
    questions.push_back(*measured);
  }
  return questions;
}

template <class Value>
Interval over(const std::vector<MeasuredQuestion>& questions, Value value) {
  std::vector<double> values;
  for (const MeasuredQuestion& question : questions) {
    if (const std::optional<double> one = value(question)) values.push_back(*one);
  }
  return values.empty() ? Interval{} : sim::mean_interval(values);
}

std::vector<Row> rows_of(const std::vector<sim::RunRecord>& records, const std::vector<MeasuredQuestion>& questions, double degree) {
  using Maybe = std::optional<double>;
  const auto found = [](const MeasuredQuestion& one, double value) { return one.holders == 0 ? Maybe() : Maybe(value); };
  return {
      {"neighbours", prediction(records, "degree"), {degree, 0}, 2},
      {"messages per question", prediction(records, "messages"), over(questions, [](const auto& one) { return Maybe(one.messages); }), 1},
      {"duplicates", prediction(records, "duplicates"),
       over(questions, [](const auto& one) { return one.messages == 0 ? Maybe() : Maybe(double(one.duplicates) / double(one.messages)); }), 3},
      {"success", prediction(records, "success"),
       over(questions, [](const auto& one) { return one.available == 0 ? Maybe() : Maybe(one.holders > 0 ? 1 : 0); }), 3},
      {"recall", prediction(records, "recall"),
       over(questions, [](const auto& one) { return one.available == 0 ? Maybe() : Maybe(double(one.holders) / one.available); }), 3},
      {"hops of the first hit", prediction(records, "first_hops"), over(questions, [&](const auto& one) { return found(one, double(one.hops)); }), 2},
      {"first hit, ms", prediction(records, "first_ms"), over(questions, [&](const auto& one) { return found(one, double(one.first_ms)); }), 1},
  };
}

/// Beside our own binary, unless it is named.
fs::path earshot_program(const std::string& named) {
  std::error_code ignored;
  return named.empty() ? fs::read_symlink("/proc/self/exe", ignored).parent_path() / "earshot" : fs::path(named);
}

Result<int> calibrate(const CalibrateFlags& flags) {
  const auto plan = flags.study.plan_run();
  if (!plan) return tl::unexpected(plan.error());
  const auto study = plan->study();
  if (!study) return tl::unexpected(study.error());
  const sim::Scenario& scenario = study->scenarios[0];
  if (scenario.topology.kind != sim::TopologyKind::kMembership || scenario.peers.value_or(0) > kMostNodes) {
    return fail(ErrorCode::kInvalid, "calibrate: real nodes make their own graph (topology.kind = \"membership\"), of at most {} (--nodes)", kMostNodes);
  }
  const fs::path program = earshot_program(flags.program);
  if (!fs::exists(program)) return fail(ErrorCode::kNotFound, "calibrate: there is no '{}'; name it with --earshot", program.string());

  sim::ExperimentOptions options;
  options.seeds = plan->seeds;
  const auto predicted = sim::run_experiment(scenario, options);
  if (!predicted) return tl::unexpected(predicted.error());
  if (predicted->records.size() < 2) return fail(ErrorCode::kInvalid, "calibrate: a range needs at least two seeds, --seeds 1..20");
  double degree = 0;
  const auto measured = measure(program, scenario, plan->seeds.first, degree);
  if (!measured) return tl::unexpected(measured.error());

  const std::vector<Row> rows = rows_of(predicted->records, *measured, degree);
  if (!flags.json) {
    fmt::print("{} nodes, {} questions, predicted from {} seeds\n\n{:<24} {:>20} {:>20}\n", *scenario.peers, measured->size(),
               predicted->records.size(), "", "predicted", "measured");
  }
  for (const Row& row : rows) {
    if (flags.json) {
      fmt::print("{{\"row\":\"{}\",\"predicted\":{:.6g},\"predicted_half\":{:.6g},\"measured\":{:.6g},\"measured_half\":{:.6g},\"agrees\":{}}}\n", row.name,
                 row.predicted.mean, row.predicted.half_width, row.measured.mean, row.measured.half_width, verdict(row) == "agrees");
      continue;
    }
    const auto text = [&](const Interval& one) { return fmt::format("{:.{}f} ± {:.{}f}", one.mean, row.digits, one.half_width, row.digits); };
    fmt::print("{:<24} {:>20} {:>20}  {}\n", row.name, text(row.predicted), text(row.measured), verdict(row));
  }
  return kDone;
}

}  // namespace

Command calibrate_command() {
  const auto flags = std::make_shared<CalibrateFlags>();
  flags->study.seeds = "1..20";
  return {"calibrate", "The same scenario simulated and with real nodes on loopback, side by side",
          [flags](Arguments& arguments) {
            flags->study.declare(arguments);
            arguments.optional("--earshot", flags->program, "The node's binary, when it is not beside this one");
            arguments.yes("--json", flags->json, "One JSON object a row");
          },
          [flags] { return calibrate(*flags); }};
}

}  // namespace earshot::simtool
