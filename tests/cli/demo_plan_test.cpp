// Who holds what, and music where there is none.
#include "tools/cli/demo_plan.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/node/fakes.h"
#include "tests/temporary_folder.h"
#include "tools/cli/tones.h"

namespace earshot::cli {
namespace {

std::vector<Song> dealt(std::size_t songs, std::size_t nodes, std::uint64_t seed) {
  std::vector<Song> result(songs);
  Random random = Random::stream(seed, 0, 0);
  spread(result, nodes, random);
  return result;
}

TEST(Spread, GivesMostSongsToOneNodeAndNoneToTheFirst) {
  for (std::size_t nodes = 3; nodes < 30; ++nodes) {
    std::size_t alone = 0;
    for (const Song& song : dealt(16, nodes, nodes)) {
      const std::set<std::size_t> different(song.holders.begin(), song.holders.end());
      EXPECT_EQ(different.size(), song.holders.size());
      EXPECT_FALSE(different.contains(0));
      EXPECT_LT(*different.rbegin(), nodes);
      EXPECT_LE(different.size(), 3u);
      alone += different.size() == 1 ? 1 : 0;
    }
    EXPECT_GE(alone, 12u) << nodes;
  }
}

TEST(Spread, IsTheSameForTheSameSeed) {
  const auto holders = [](const std::vector<Song>& songs) {
    std::vector<std::vector<std::size_t>> all;
    for (const Song& song : songs) all.push_back(song.holders);
    return all;
  };
  EXPECT_EQ(holders(dealt(16, 24, 1)), holders(dealt(16, 24, 1)));
  EXPECT_NE(holders(dealt(16, 24, 1)), holders(dealt(16, 24, 2)));
}

TEST(Spread, LeavesNobodyEmptyHandedWhileThereAreSongs) {
  std::set<std::size_t> holding;
  for (const Song& song : dealt(23, 24, 3)) holding.insert(song.holders.begin(), song.holders.end());
  EXPECT_EQ(holding.size(), 23u);
}

TEST(Tones, AreWaveFilesThatDiffer) {
  const TemporaryFolder folder;
  const auto files = write_tones(folder.path());
  ASSERT_TRUE(files) << files.error().what;
  std::set<std::string> contents;
  for (const auto& file : *files) {
    const std::string bytes = node::text_of(file);
    EXPECT_EQ(bytes.substr(0, 4), "RIFF");
    EXPECT_GT(bytes.size(), 100'000u);
    contents.insert(bytes);
  }
  EXPECT_EQ(contents.size(), 16u);
}

TEST(FindSongs, TakesTheFolderThatItIsGivenAndReadsTitles) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_tones(folder.path()));
  const auto songs = find_songs(folder.path(), folder / "spare");
  ASSERT_TRUE(songs) << songs.error().what;
  EXPECT_EQ(songs->size(), 16u);
  EXPECT_THAT((*songs)[0].title, testing::Not(testing::IsEmpty()));
}

TEST(FindSongs, AFolderWithoutMusicIsAnError) {
  const TemporaryFolder folder;
  EXPECT_EQ(find_songs(folder.path(), folder / "spare").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace earshot::cli
