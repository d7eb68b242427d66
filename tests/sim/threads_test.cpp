// Seeds on several threads.
#include <gtest/gtest.h>

#include "sim/experiment.h"
#include "tests/sim/small_scenarios.h"

namespace earshot::sim {
namespace {

std::string csv_with(const Scenario& scenario, unsigned threads) {
  ExperimentOptions options;
  options.seeds = {1, 6};
  options.threads = threads;
  const auto result = run_experiment(scenario, options);
  if (!result) return result.error().what;
  std::string csv = csv_header();
  for (const RunRecord& record : result->records) csv += csv_line(row_of("test", record));
  return csv;
}

TEST(ExperimentThreads, GiveTheSameBytesAsOneThread) {
  for (const Scenario& scenario : {small_static(), small_live()}) {
    const std::string alone = csv_with(scenario, 1);
    EXPECT_EQ(alone, csv_with(scenario, 2));
    EXPECT_EQ(alone, csv_with(scenario, 5));
  }
}

}  // namespace
}  // namespace earshot::sim
