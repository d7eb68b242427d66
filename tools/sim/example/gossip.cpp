// A strategy of one's own against the flood, on the same networks with the same questions: whoever gets a question for the first
// time passes it on to two neighbours drawn at random, where a flood passes it on to all.
#include <cstdio>

#include "overlay/search/strategy.h"
#include "sim/experiment.h"
#include "sim/results.h"

using namespace earshot;

class Gossip final : public overlay::Strategy {
 public:
  std::uint16_t max_ttl() const override { return 12; }
  bool relays_repeats() const override { return false; }

  std::optional<overlay::Next> wave(std::uint32_t, const overlay::Query& query, const overlay::Progress&,
                                    overlay::Spread& spread) const override {
    overlay::Query first = query;
    first.ttl = max_ttl();
    relay(first, kNoPeer, true, spread);
    return std::nullopt;  // no second wave
  }

  void relay(const overlay::Query& query, PeerId from, bool, overlay::Spread& spread) const override {
    for (int copies = 0; query.ttl > 0 && copies < 2 && !spread.neighbors().empty(); ++copies) {
      const PeerId to = spread.neighbors()[spread.random().below(spread.neighbors().size())];
      if (to != from) spread.pass_on(query, to);
    }
  }
};

int main() {
  auto scenario = sim::parse_scenario(R"(
    version = 1
    population.peers = 2000
    catalog = { items = 100, copies = 10 }
    questions = { count = 50, interval_ms = 200 }
    [[search]]
    strategy = "flood"
    ttl = 4)", "gossip.toml", {});
  const Gossip gossip;
  sim::ExperimentOptions options;
  options.seeds = {1, 5};
  for (const overlay::Strategy* tried : {static_cast<const overlay::Strategy*>(nullptr), static_cast<const overlay::Strategy*>(&gossip)}) {
    if (!scenario) break;
    scenario->protocol.tried = tried;  // peers follow it wherever a scenario says flood
    scenario->searches[0].name = tried == nullptr ? "flood" : "gossip";
    const auto result = sim::run_experiment(*scenario, options);
    if (!result) break;
    std::fputs(sim::summary_table(result->records, result->costs).c_str(), stdout);
    if (tried != nullptr) return 0;
  }
  return 1;
}
