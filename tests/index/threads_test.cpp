// Searches beside a writer: every answer is of one moment, and nobody touches what another thread changes.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "index/index.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

// Each round adds ten tracks of one album at once and removes those of the round before, so at any moment the tracks of
// one or, between the two, of two albums are there, and never a part of them.
TEST(Threads, SeeAllOfAChangeOrNothing) {
  const TemporaryFolder folder;
  const auto opened = Index::open(folder.path(), {.sync = false, .live_tracks = 35});
  ASSERT_TRUE(opened) << opened.error().what;
  Index& index = **opened;
  constexpr std::uint32_t kRounds = 60;
  constexpr std::uint32_t kTracks = 10;
  const auto album = [](std::uint32_t round) {
    std::vector<Track> tracks;
    for (std::uint32_t i = 0; i < kTracks; ++i) {
      tracks.push_back(track(round * kTracks + i, "Song common | Artist | Album" + std::to_string(round)));
    }
    return tracks;
  };
  ASSERT_TRUE(index.add(album(0)));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&, reader] {
      const std::string query = reader == 1 ? "comm*" : "common song";
      while (!stop) {
        const auto answer = index.search(query, {.limit = 100, .budget = 60s});
        failed += answer ? 0 : 1;
        if (answer && answer->tracks.size() % kTracks != 0) ++torn;
        if (answer && answer->tracks.empty()) ++torn;
        failed += index.find(content(0)) ? 0 : 1;
        failed += index.stats().tracks % kTracks == 0 ? 0 : 1;
      }
    });
  }
  for (std::uint32_t round = 1; round < kRounds; ++round) {
    ASSERT_TRUE(index.add(album(round)));
    std::vector<ContentId> old;
    for (const Track& track : album(round - 1)) old.push_back(track.content);
    ASSERT_EQ(index.remove(old).value(), kTracks);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(failed, 0);
}

TEST(Threads, WritersWaitForEachOther) {
  const TemporaryFolder folder;
  const auto opened = Index::open(folder.path(), {.sync = false, .live_tracks = 7});
  ASSERT_TRUE(opened) << opened.error().what;
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (std::uint32_t writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::uint32_t i = 0; i < 20; ++i) failed += (*opened)->add(std::vector{track(writer * 20 + i, "Song")}) ? 0 : 1;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ((*opened)->stats().tracks, 60u);
  EXPECT_EQ((*opened)->search("song", {.limit = 100, .budget = 60s})->tracks.size(), 60u);
}

}  // namespace
}  // namespace earshot::index
