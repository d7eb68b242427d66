// Flags to a plan.
#include "tools/sim/study_flags.h"

#include "sim/table_file.h"

namespace earshot::simtool {

namespace {

/// So that a shell reads it as one word.
std::string quoted(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%") == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void StudyFlags::declare(Arguments& arguments) {
  arguments.required("scenario", scenario, "TOML file; sim/scenarios has examples");
  arguments.optional("--nodes", nodes, "Number of peers, instead of population.peers");
  arguments.optional("--seeds", seeds, "One seed, or a range A..B");
  arguments.repeated("--set", set, "key=value, instead of the scenario's (repeatable); a sweep takes key=v1,v2,... and key=from..to");
}

void StudyFlags::declare_sweep(Arguments& arguments) {
  arguments.number("--latin", latin, 0, static_cast<std::uint32_t>(sim::kMostPoints), "So many points of a Latin hypercube, not the grid");
  arguments.optional("--until", until, "\"success<0.01\": a point has seeds enough when this 95 % interval's half width is below");
}

Result<StudyPlan> StudyFlags::plan_run() const { return plan(/*sweeps=*/false); }
Result<StudyPlan> StudyFlags::plan_sweep() const { return plan(/*sweeps=*/true); }

Result<StudyPlan> StudyFlags::plan(bool sweeps) const {
  StudyPlan plan;
  plan.path = scenario;
  auto text = sim::read_text(scenario);
  if (!text) return tl::unexpected(text.error());
  plan.text = std::move(*text);
  if (sweeps) {
    auto sweep = sim::parse_sweep(plan.text, scenario);
    if (!sweep) return tl::unexpected(sweep.error());
    plan.sweep = std::move(*sweep);
  }
  plan.command = fmt::format("earshot-sim {} {}", sweeps ? "sweep" : "run", quoted(scenario));
  if (nodes) {
    plan.overrides.emplace_back("population.peers", fmt::to_string(*nodes));
    plan.command += fmt::format(" --nodes {}", *nodes);
  }
  plan.command += " --seeds " + quoted(seeds);
  for (const std::string& one : set) {
    auto axis = sim::axis_from(one);
    if (!axis) return tl::unexpected(axis.error());
    const std::size_t equals = one.find('=');
    if (*axis && !sweeps) return fail(ErrorCode::kInvalid, "--set {}: a run takes one value; earshot-sim sweep takes several", one);
    if (*axis) {
      sim::set_axis(plan.sweep, std::move(**axis));
    } else {
      plan.overrides.emplace_back(one.substr(0, equals), one.substr(equals + 1));
      std::erase_if(plan.sweep.axes, [&](const sim::SweepAxis& known) { return known.key == one.substr(0, equals); });
    }
    plan.command += " --set " + quoted(one);
  }
  if (latin > 0) {
    plan.sweep.latin = latin;
    plan.command += fmt::format(" --latin {}", latin);
  }
  if (!until.empty()) {
    auto rule = sim::stop_rule_from(until);
    if (!rule) return tl::unexpected(rule.error());
    plan.sweep.until = std::move(*rule);
    plan.command += " --until " + quoted(until);
  }
  const auto range = sim::seeds_from(seeds);
  if (!range) return tl::unexpected(range.error());
  plan.seeds = *range;
  return plan;
}

}  // namespace earshot::simtool
