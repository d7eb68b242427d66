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

// Merges run beside adds and removals of sealed tracks: what goes while its segment is merged is gone from the new one.
TEST(Threads, MergesLoseNothingAndKeepNothingRemoved) {
  const TemporaryFolder folder;
  const Index::Options options = {.sync = false, .live_tracks = 10};
  auto opened = Index::open(folder.path(), options);
  ASSERT_TRUE(opened) << opened.error().what;
  Index& index = **opened;
  std::atomic<bool> stop = false;
  std::atomic<int> failed = 0;
  std::thread compactor([&] {
    while (!stop) failed += index.compact() ? 0 : 1;
  });
  std::thread reader([&] {
    while (!stop) failed += index.search("song", {.limit = 50, .budget = 60s}) ? 0 : 1;
  });
  constexpr std::uint32_t kTracks = 800;
  std::set<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < kTracks; ++i) {
    ASSERT_TRUE(index.add(std::vector{track(i, "Song common | Artist" + std::to_string(i % 7))}));
    expected.insert(i);
    if (i % 3 != 2) continue;
    const std::uint32_t gone = i * 7 % (i + 1);
    ASSERT_EQ(index.remove(std::vector{content(gone)}).value(), expected.erase(gone));
  }
  stop = true;
  compactor.join();
  reader.join();
  EXPECT_EQ(failed, 0);
  for (const bool reopen : {false, true}) {
    if (reopen) {
      opened->reset();
      opened = Index::open(folder.path(), options);
      ASSERT_TRUE(opened) << opened.error().what;
    }
    const auto answer = (*opened)->search("common song", {.limit = 1'000, .budget = 60s});
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->tracks.size(), expected.size());
    EXPECT_EQ((*opened)->stats().tracks, expected.size());
    for (std::uint32_t i = 0; i < kTracks; ++i) {
      EXPECT_EQ((*opened)->find(content(i)).value().has_value(), expected.contains(i)) << i;
    }
  }
}

TEST(Threads, WritersWaitForEachOther) {
  const TemporaryFolder folder;
  const auto opened = Index::open(folder.path(), {.sync = false, .live_tracks = 7});
  ASSERT_TRUE(opened) << opened.error().what;
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (std::uint32_t writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::uint32_t i = 0; i < 20; ++i)
        failed += (*opened)->add(std::vector{track(writer * 20 + i, "Song")}) ? 0 : 1;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ((*opened)->stats().tracks, 60u);
  EXPECT_EQ((*opened)->search("song", {.limit = 100, .budget = 60s})->tracks.size(), 60u);
}

}  // namespace
}  // namespace earshot::index
