// Many runs.
#include "sim/experiment.h"

#include <gtest/gtest.h>

#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

TEST(Experiment, ReadsSeedsAndRanges) {
  EXPECT_EQ(seeds_from("7")->first, 7u);
  EXPECT_EQ(seeds_from("7")->last, 7u);
  EXPECT_EQ(seeds_from("1..8")->last, 8u);
  for (const char* text : {"", "x", "1..", "..3", "8..1", "1...3", "1-3", "0..1000000"}) {
    EXPECT_FALSE(seeds_from(text)) << text;
  }
}

TEST(Experiment, OrdersRunsBySeedThenBySearch) {
  ExperimentOptions options;
  options.seeds = {3, 4};
  const auto result = run_experiment(small_static(), options);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->records.size(), 4u);
  EXPECT_EQ(result->records[0].seed, 3u);
  EXPECT_EQ(result->records[0].search, "flood");
  EXPECT_EQ(result->records[1].search, "walk");
  EXPECT_EQ(result->records[3].seed, 4u);
}

TEST(Experiment, NamesTheSeedThatFails) {
  Scenario scenario = small_static();
  scenario.catalog.copies = 1000;
  EXPECT_EQ(run_experiment(scenario, {}).error().what, "seed 1: catalog.copies: 1000 copies of an item among 500 peers");
}

TEST(Experiment, ReportsProgressToTheEnd) {
  std::size_t last = 0;
  ExperimentOptions options;
  options.progress = [&](std::size_t done, std::size_t all) {
    last = done;
    EXPECT_EQ(all, 2u);
  };
  ASSERT_TRUE(run_experiment(small_static(), options));
  EXPECT_EQ(last, 2u);
}

}  // namespace
}  // namespace earshot::sim
