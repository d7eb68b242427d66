// Cuts the power of a disk that belongs to the test, at any write or sync: nothing acknowledged is lost. The same cuts
// where syncing is off, or where the disk lies about it, must lose, or the rig proves nothing. EARSHOT_POWER_CUTS says how
// often, EARSHOT_SEED draws everything.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "index/library_index.h"
#include "schema/random.h"
#include "tests/index/faulty_disk.h"
#include "tests/index/fixtures.h"
#include "tests/index/story.h"

namespace earshot::index {
namespace {

Result<std::unique_ptr<Index>> open_on(const std::filesystem::path& folder, const std::shared_ptr<FaultyDisk>& disk,
                                       bool sync) {
  constexpr std::size_t kCache = 2u << 20;
  auto store = Store::open(folder, {.sync = sync, .cache_bytes = kCache, .disk_limit = 0, .disk = disk});
  if (!store) return tl::unexpected(store.error());
  auto index = std::make_unique<LibraryIndex>(std::move(*store),
                                              Index::Options{.sync = sync, .cache_bytes = kCache, .live_tracks = 25});
  if (auto loaded = index->load(); !loaded) return tl::unexpected(loaded.error());
  index->start();
  return index;
}

struct Outcome {
  std::uint32_t cuts = 0;
  std::uint32_t losses = 0;   // refused to open, or something acknowledged was gone
  std::uint32_t opening = 0;  // cuts before the first change
  std::uint64_t acknowledged = 0;
  std::string first_loss;
};

enum class Syncs { kKept, kOff, kForgotten };

// Cuts again and again; after a loss the next folder is a fresh one.
Outcome cut_power(std::uint32_t cuts, std::uint64_t seed, Syncs syncs) {
  Random random = Random::stream(seed, 2, static_cast<std::uint64_t>(syncs));
  Outcome outcome;
  auto folder = std::make_unique<TemporaryFolder>(rig_parent());
  Expected expected(seed);
  for (; outcome.cuts < cuts; ++outcome.cuts) {
    const auto disk = std::make_shared<FaultyDisk>(Random::stream(seed, 3, outcome.cuts), syncs != Syncs::kForgotten);
    disk->fail_after(1 + random.below(random.chance(1, 4) ? 60 : 400));
    std::uint32_t acknowledged = 0;
    if (const auto index = open_on(folder->path(), disk, syncs != Syncs::kOff)) {
      while (perform(**index, step_of(seed, expected.steps() + acknowledged))) ++acknowledged;
    }
    outcome.opening += acknowledged == 0 ? 1 : 0;
    outcome.acknowledged += acknowledged;
    if (!disk->is_dead()) ADD_FAILURE() << "cut " << outcome.cuts << ": a change failed while the power was on";
    disk->cut();
    expected.advance_to(expected.steps() + acknowledged);
    const auto index = Index::open(folder->path(), {.sync = true, .cache_bytes = 2u << 20, .live_tracks = 25});
    std::string difference = index ? expected.difference(**index) : index.error().what;
    if (!difference.empty() && index) {
      expected.advance();
      if (expected.difference(**index).empty()) difference.clear();
    }
    if (difference.empty()) continue;
    if (outcome.losses++ == 0) outcome.first_loss = "cut " + std::to_string(outcome.cuts) + ": " + difference;
    folder = std::make_unique<TemporaryFolder>(rig_parent());
    expected = Expected(seed);
  }
  return outcome;
}

void print(const char* what, const Outcome& outcome) {
  std::printf("%s: %u power cuts, %u of them before the first change, %llu changes acknowledged, %u cuts lost\n", what,
              outcome.cuts, outcome.opening, static_cast<unsigned long long>(outcome.acknowledged), outcome.losses);
}

TEST(PowerCuts, LoseNothingAcknowledged) {
  const std::uint64_t seed = rig_seed(11);
  SCOPED_TRACE("EARSHOT_SEED=" + std::to_string(seed));
  const Outcome outcome = cut_power(rounds("EARSHOT_POWER_CUTS", 50), seed, Syncs::kKept);
  print("synced", outcome);
  EXPECT_EQ(outcome.losses, 0u) << outcome.first_loss;
  EXPECT_GT(outcome.acknowledged, outcome.cuts);
}

TEST(PowerCuts, LoseChangesWhenSyncingIsOff) {
  const Outcome outcome = cut_power(10, rig_seed(12), Syncs::kOff);
  print("sync off", outcome);
  EXPECT_GT(outcome.losses, 0u);
}

TEST(PowerCuts, LoseChangesOnADiskThatForgetsToSync) {
  const Outcome outcome = cut_power(10, rig_seed(13), Syncs::kForgotten);
  print("syncs forgotten", outcome);
  EXPECT_GT(outcome.losses, 0u);
}

// A full disk refuses changes, answers searches, and goes on by itself when there is room.
TEST(FullDisk, RefusesChangesAndGoesOnByItself) {
  const std::uint64_t seed = rig_seed(14);
  const TemporaryFolder folder(rig_parent());
  const auto disk = std::make_shared<FaultyDisk>(Random::stream(seed, 4, 0), /*honest=*/true);
  Random random = Random::stream(seed, 4, 1);
  Expected expected(seed);
  {
    const auto index = open_on(folder.path(), disk, /*sync=*/true);
    ASSERT_TRUE(index) << index.error().what;
    for (; expected.steps() < 40; expected.advance()) ASSERT_TRUE(perform(**index, step_of(seed, expected.steps())));
    disk->set_room(random.below(4'000));
    while (perform(**index, step_of(seed, expected.steps()))) {
      expected.advance();
      ASSERT_LT(expected.steps(), 10'000u);
    }
    // What failed may have been a merge: fill what is left.
    Result<void> added;
    for (int i = 0; added; ++i) added = (*index)->add(std::vector{track(1'000, fmt::format("Filling {}", i))});
    EXPECT_EQ(added.error().code, ErrorCode::kDisk);
    EXPECT_TRUE((*index)->search("filling", {})) << "searches go on";
    EXPECT_TRUE((*index)->storage().is_paused);
    EXPECT_NE((*index)->storage().trouble, "");
    disk->set_room(std::nullopt);
    const auto began = std::chrono::steady_clock::now();
    while ((*index)->storage().is_paused) {
      ASSERT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30)) << "writing never resumed";
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_TRUE((*index)->remove(std::vector{content(1'000)}));
    EXPECT_EQ(expected.difference(**index), "");
    for (const std::uint32_t end = expected.steps() + 60; expected.steps() < end; expected.advance())
      ASSERT_TRUE(perform(**index, step_of(seed, expected.steps())));
    EXPECT_EQ(expected.difference(**index), "");
  }
  const auto index = Index::open(folder.path(), {.cache_bytes = 2u << 20, .live_tracks = 25});
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ(expected.difference(**index), "");
}

}  // namespace
}  // namespace earshot::index
