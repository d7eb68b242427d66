// Soak finds bugs: each one planted in the protocol's code breaks what must hold within a few seeds, and without any none does.
// This test is linked with its own copies of the files that ask overlay::planted().
#include "overlay/planted.h"

#include <gtest/gtest.h>

#include "sim/soak.h"

namespace earshot::sim {
namespace {

using overlay::Bug;

constexpr std::uint64_t kSeeds = 60;

/// The first seed that breaks, or 0.
std::uint64_t broken_by(Bug bug) {
  overlay::planted_bug = bug;
  std::uint64_t seed = 1;
  while (seed <= kSeeds && !soak(seed).violation) ++seed;
  overlay::planted_bug = Bug::kNone;
  return seed <= kSeeds ? seed : 0;
}

class Planted : public testing::TestWithParam<int> {};

TEST_P(Planted, IsFound) {
  const std::uint64_t seed = broken_by(static_cast<Bug>(GetParam()));
  EXPECT_NE(seed, 0u) << "bug " << GetParam() << " outlived " << kSeeds << " seeds";
  RecordProperty("seed", static_cast<int>(seed));
}

INSTANTIATE_TEST_SUITE_P(EveryBug, Planted, testing::Range(1, static_cast<int>(overlay::kLastBug) + 1));

TEST(PlantedBugs, ThereAreAtLeastTenAndWithoutThemAllHolds) {
  EXPECT_GE(static_cast<int>(overlay::kLastBug), 10);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) EXPECT_FALSE(soak(seed).violation);
}

}  // namespace
}  // namespace earshot::sim
