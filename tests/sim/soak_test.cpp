// Small networks under faults of all kinds keep what must hold, and work again when the faults are over.
#include "sim/soak.h"

#include <gtest/gtest.h>

namespace earshot::sim {
namespace {

TEST(Soak, EverySeedHolds) {
  std::uint64_t events = 0;
  for (std::uint64_t seed = 1; seed <= EARSHOT_SOAK_SEEDS; ++seed) {
    const SoakResult result = soak(seed);
    EXPECT_FALSE(result.violation) << *result.violation << "\n  earshot-sim soak --seeds " << seed;
    events += result.events;
  }
  EXPECT_GT(events, EARSHOT_SOAK_SEEDS * 1'000u);
}

TEST(Soak, ASeedRepeatsItself) { EXPECT_EQ(soak(7).events, soak(7).events); }

TEST(Soak, SeedsDrawAllKindsOfFaults) {
  bool loss = false, duplicates = false, jitter = false, partition = false, crash = false, churn = false, clock = false, walk = false;
  std::vector<bool> attackers(5);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Scenario scenario = soak_scenario(seed);
    loss |= scenario.network.loss_per_million > 200'000;
    duplicates |= scenario.network.duplicates_per_million > 0;
    jitter |= scenario.network.jitter > Duration::zero();
    partition |= !scenario.partitions.empty();
    crash |= !scenario.crashes.empty();
    churn |= scenario.churn.has_value();
    clock |= !scenario.clock_steps.empty();
    walk |= scenario.searches[0].strategy == StrategyKind::kWalk;
    for (const AttackerSettings& attacker : scenario.attackers) attackers[static_cast<std::size_t>(attacker.kind)] = true;
  }
  EXPECT_TRUE(loss && duplicates && jitter && partition && crash && churn && clock && walk);
  EXPECT_EQ(attackers, std::vector<bool>(5, true));
}

}  // namespace
}  // namespace earshot::sim
