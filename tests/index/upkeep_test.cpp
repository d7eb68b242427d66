// What whoever runs an index asks of it: all tracks, a check of everything, backups that come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "index/index.h"
#include "tests/index/fixtures.h"
#include "tests/index/story.h"

namespace earshot::index {
namespace {

constexpr Index::Options kUpkeepOptions = {.sync = true, .cache_bytes = 2u << 20, .live_tracks = 25};

class Upkeep : public testing::Test {
 protected:
  void grow(Index& index, std::uint32_t steps) {
    for (; expected_.steps() < steps; expected_.advance()) ASSERT_TRUE(perform(index, step_of(3, expected_.steps())));
  }
  static std::unique_ptr<Index> opened(const std::filesystem::path& folder) {
    auto index = Index::open(folder, kUpkeepOptions);
    EXPECT_TRUE(index) << index.error().what;
    return index ? std::move(*index) : nullptr;
  }

  TemporaryFolder folder_;
  Expected expected_{3};
};

TEST_F(Upkeep, VisitsAndChecksEveryTrackOnce) {
  const auto index = opened(folder_ / "index");
  grow(*index, 90);
  std::set<ContentId> seen;
  ASSERT_TRUE(index->visit([&](const Track& track) { return seen.insert(track.content).second; }));
  EXPECT_EQ(seen.size(), index->stats().tracks);
  const auto checked = index->verify([](std::uint64_t) { return true; });
  ASSERT_TRUE(checked) << checked.error().what;
  EXPECT_EQ(*checked, seen.size());
  EXPECT_EQ(index->verify([](std::uint64_t) { return false; }).error().code, ErrorCode::kStopped);
}

TEST_F(Upkeep, RestoresTheNewestBackup) {
  {
    const auto index = opened(folder_ / "index");
    grow(*index, 40);
    ASSERT_TRUE(index->back_up(folder_ / "backups"));
    grow(*index, 80);
    ASSERT_TRUE(index->back_up(folder_ / "backups"));
  }
  ASSERT_TRUE(Index::restore(folder_ / "backups", folder_ / "again"));
  const auto again = opened(folder_ / "again");
  EXPECT_EQ(expected_.difference(*again), "");
  EXPECT_EQ(Index::restore(folder_ / "backups", folder_ / "again").error().code, ErrorCode::kInvalid) << "not empty";
  EXPECT_EQ(Index::restore(folder_ / "nothing", folder_ / "new").error().code, ErrorCode::kNotFound);
}

TEST_F(Upkeep, RefusesADamagedBackup) {
  const auto index = opened(folder_ / "index");
  grow(*index, 60);
  ASSERT_TRUE(index->compact());
  ASSERT_TRUE(index->back_up(folder_ / "backups"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "backups")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file.put('\x7F');
  }
  EXPECT_EQ(Index::restore(folder_ / "backups", folder_ / "again").error().code, ErrorCode::kCorrupt);
}

TEST_F(Upkeep, KeepsASnapshotThatLivesOnItsOwn) {
  const auto index = opened(folder_ / "index");
  grow(*index, 50);
  ASSERT_TRUE(index->snapshot(folder_ / "moment"));
  ASSERT_TRUE(index->add(std::vector{track(1'000, "Later")}));
  EXPECT_EQ(expected_.difference(*opened(folder_ / "moment")), "");
  EXPECT_FALSE(index->snapshot(folder_ / "moment")) << "it exists";
}

TEST_F(Upkeep, CountsWhatItStores) {
  const auto index = opened(folder_ / "index");
  grow(*index, 50);
  const Storage storage = index->storage();
  EXPECT_GT(storage.bytes_on_disk, 0u);
  EXPECT_GT(storage.bytes_added, 0u);
  EXPECT_GT(storage.syncs, 0u);
  EXPECT_FALSE(storage.is_paused);
}

}  // namespace
}  // namespace earshot::index
