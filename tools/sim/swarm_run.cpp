// Figures as text.
#include "tools/sim/swarm_run.h"

#include <fmt/format.h>

#include "sim/swarm_simulation.h"
#include "tools/sim/command.h"

namespace earshot::simtool {

namespace {

double seconds(Duration time) { return static_cast<double>(time.count()) * 1e-6; }

void print_json(const sim::SwarmScenario& scenario, std::uint64_t seed, const sim::SwarmRecord& record) {
  fmt::print("{{\"scenario\":\"{}\",\"seed\":{},\"peers\":{},\"heard\":{},\"start_s_p50\":{:.3f},\"start_s_p95\":{:.3f},\"start_s_max\":{:.3f},"
             "\"stood_still\":{},\"stalled_percent\":{:.3f},\"source_copies\":{:.2f}",
             scenario.name, seed, record.peers, record.heard, seconds(record.start_p50), seconds(record.start_p95), seconds(record.start_max),
             record.stood_still, record.stalled_percent, record.source_copies);
  if (scenario.swarm.kind == sim::SwarmKind::kVod) {
    fmt::print(",\"whole\":{},\"whole_s_p50\":{:.3f},\"whole_s_p95\":{:.3f},\"whole_s_max\":{:.3f}", record.whole, seconds(record.whole_p50),
               seconds(record.whole_p95), seconds(record.whole_max));
  } else {
    fmt::print(",\"delay_s_p50\":{:.3f},\"delay_s_p95\":{:.3f}", seconds(record.delay_p50), seconds(record.delay_p95));
  }
  fmt::print(",\"simulated_s\":{:.1f},\"datagrams\":{},\"lost\":{},\"event_hash\":\"{:016x}\"}}\n", seconds(record.simulated), record.datagrams,
             record.lost, record.event_hash);
}

void print_rows(std::uint64_t seed, const sim::SwarmScenario& scenario, const sim::SwarmRecord& record) {
  fmt::print("seed {}: {} peers came, {} heard sound\n", seed, record.peers, record.heard);
  fmt::print("  first sound     {:.2f} s median, {:.2f} s p95, {:.2f} s last\n", seconds(record.start_p50), seconds(record.start_p95),
             seconds(record.start_max));
  fmt::print("  standstills     at {} peers, {:.2f} % of the time\n", record.stood_still, record.stalled_percent);
  fmt::print("  source          sent {:.1f} copies\n", record.source_copies);
  if (scenario.swarm.kind == sim::SwarmKind::kVod) {
    fmt::print("  whole content   {} peers, {:.1f} s median, {:.1f} s p95, {:.1f} s last\n", record.whole, seconds(record.whole_p50), seconds(record.whole_p95),
               seconds(record.whole_max));
  } else {
    fmt::print("  behind source   {:.2f} s median, {:.2f} s p95\n", seconds(record.delay_p50), seconds(record.delay_p95));
  }
  fmt::print("  {} datagrams in {:.0f} s, {} lost; events {:016x}\n", record.datagrams, seconds(record.simulated), record.lost, record.event_hash);
}

}  // namespace

Result<int> run_swarm_seeds(const sim::SwarmScenario& scenario, const sim::SeedRange& seeds, bool json) {
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    const auto record = sim::run_swarm(scenario, seed);
    if (!record) return tl::unexpected(record.error());
    if (json) print_json(scenario, seed, *record);
    else print_rows(seed, scenario, *record);
  }
  return kDone;
}

}  // namespace earshot::simtool
