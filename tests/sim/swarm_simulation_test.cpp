// Swarms in simulated time: everybody hears the sound, the crowd feeds itself, and a seed is a run.
#include "sim/swarm_simulation.h"

#include <gtest/gtest.h>

namespace earshot::sim {
namespace {

SwarmScenario small(std::string_view changes) {
  const std::string text = "version = 1\n[population]\npeers = 40\n[network]\nlatency = \"log_normal\"\nmedian_ms = 40\nloss = 0.01\n[swarm]\n" +
                           std::string(changes);
  const auto parsed = parse_swarm_scenario(text, "small.toml", {});
  EXPECT_TRUE(parsed && *parsed) << (parsed ? "no [swarm]" : parsed.error().what);
  return **parsed;
}

TEST(SwarmSimulation, ACrowdFeedsItselfAndEverybodyGetsEverything) {
  const auto record = run_swarm(small("content_kib = 256\nsource_kbit = 1000\nsource_slots = 3"), 1).value();
  EXPECT_EQ(record.peers, 40u);
  EXPECT_EQ(record.heard, 40u);
  EXPECT_EQ(record.whole, 40u);
  EXPECT_LT(record.source_copies, 20);
  EXPECT_LT(record.start_p50, Duration(2s));
}

TEST(SwarmSimulation, PeersComeAndGoAndTheOthersGoOn) {
  const auto record = run_swarm(small("content_kib = 256\nsession = {law = \"exponential\", median_s = 20}\ntime_s = 60"), 2).value();
  EXPECT_GT(record.peers, 40u);
  EXPECT_GT(record.whole, 20u);
}

TEST(SwarmSimulation, AThreeSlotSourceIsHeardByAll) {
  const auto record = run_swarm(small("kind = \"live\"\ntime_s = 15\nsource_slots = 3\npeer_kbit = 2000\nproviders = 3"), 3).value();
  EXPECT_EQ(record.heard, 40u);
  EXPECT_LT(record.source_copies, 4.5);  // three streams, with proofs, headers and repeats; 4.04 measured
  EXPECT_LT(record.delay_p95, Duration(8s));
}

TEST(SwarmSimulation, TheSameSeedIsTheSameRun) {
  const SwarmScenario scenario = small("content_kib = 64\ntime_s = 20");
  const auto one = run_swarm(scenario, 7).value(), other = run_swarm(scenario, 7).value(), third = run_swarm(scenario, 8).value();
  EXPECT_EQ(one.event_hash, other.event_hash);
  EXPECT_EQ(one.datagrams, other.datagrams);
  EXPECT_NE(one.event_hash, third.event_hash);
}

TEST(SwarmScenario, IsReadStrictly) {
  const auto error_of = [](std::string_view text) {
    const auto parsed = parse_swarm_scenario(text, "x.toml", {});
    return parsed ? std::string("none") : parsed.error().what;
  };
  EXPECT_EQ(error_of("version = 1\n[swarm]\n"), "x.toml:1: population.peers is missing, and --nodes was not given");
  EXPECT_NE(error_of("version = 1\n[population]\npeers = 3\n[swarm]\nkinds = \"vod\"\n").find("no such key"), std::string::npos);
  EXPECT_NE(error_of("version = 1\n[population]\npeers = 3\n[swarm]\nkind = \"tape\"\n").find("not one of vod, live"), std::string::npos);
  EXPECT_FALSE(parse_swarm_scenario("version = 1\n[population]\npeers = 3\n", "x.toml", {})->has_value());
}

}  // namespace
}  // namespace earshot::sim
