// An index that is replaced while it is in use.
#include "tools/node/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "index/transliterator.h"
#include "tests/temporary_folder.h"
#include "tools/node/index_order.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr index::Index::Options kOptions = {.sync = true, .cache_bytes = 2u << 20, .live_tracks = 25};

Track song(std::uint8_t number) {
  Track track;
  track.content.digest.fill(number);
  track.title = "Song" + std::to_string(number);
  track.artist = "Tab\tand line";
  return track;
}

class LibraryTest : public testing::Test {
 protected:
  std::unique_ptr<Library> opened() {
    auto library = Library::open(folder_ / "index", kOptions);
    EXPECT_TRUE(library) << library.error().what;
    return library ? std::move(*library) : nullptr;
  }
  static void fill(Library& library, std::uint8_t from, std::uint8_t to) {
    for (std::uint8_t number = from; number < to; ++number) ASSERT_TRUE(library.add(std::vector{song(number)}));
  }
  static Result<IndexDone> order(Library& library, IndexTask task, const fs::path& path = {}) {
    return carry_out({task, path, 0, 0}, library, [](const IndexProgress&) { return true; });
  }

  TemporaryFolder folder_;
};

TEST_F(LibraryTest, MovesADamagedIndexAsideAndBeginsAFreshOne) {
  fill(*opened(), 0, 40);
  std::ofstream(folder_ / "index/CURRENT") << "nonsense";
  const auto library = opened();
  EXPECT_EQ(library->stats().tracks, 0u);
  EXPECT_TRUE(fs::exists(library->moved_aside() / "CURRENT"));
  EXPECT_THAT(library->refusal(), HasSubstr("damaged"));
  fill(*library, 0, 3);
  EXPECT_EQ(library->stats().tracks, 3u);
}

TEST_F(LibraryTest, KeepsTheNewestTwoThatWereRefused) {
  for (int round = 0; round < 4; ++round) {
    fill(*opened(), 0, 2);
    fs::remove(folder_ / "index/CURRENT");
    std::ofstream(folder_ / "index/CURRENT") << "nonsense";
  }
  const auto library = opened();
  std::size_t asides = 0;
  for (const auto& entry : fs::directory_iterator(folder_.path())) asides += entry.path().filename() != "index" ? 1 : 0;
  EXPECT_EQ(asides, kAsideKept);
}

TEST_F(LibraryTest, PassesOnARefusalThatIsNoDamage) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(Library::open(folder_ / "file" / "index", kOptions).error().code, ErrorCode::kDisk);
}

TEST_F(LibraryTest, RebuildsAndRestoresUnderSearches) {
  const auto library = opened();
  fill(*library, 0, 60);
  ASSERT_TRUE(order(*library, IndexTask::kBackup, folder_ / "backups"));
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> wrong = 0;
  std::thread searcher([&] {
    while (!stop) {
      const auto answer = library->search("song7", {.limit = 3, .budget = 60s});
      if (!answer || answer->tracks.size() != 1) ++wrong;
    }
  });
  const auto rebuilt = order(*library, IndexTask::kRebuild);
  fill(*library, 100, 110);
  const auto restored = order(*library, IndexTask::kRestore, folder_ / "backups");
  stop = true;
  searcher.join();
  ASSERT_TRUE(rebuilt) << rebuilt.error().what;
  EXPECT_EQ(rebuilt->tracks, 60u);
  ASSERT_TRUE(restored) << restored.error().what;
  EXPECT_EQ(restored->tracks, 60u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(order(*library, IndexTask::kRestore, folder_ / "nothing").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(library->stats().tracks, 60u) << "what works stays";
}

TEST_F(LibraryTest, TakesOverAnotherTransliterationWhenItIsRebuilt) {
  if (index::Transliterator::rule().empty()) GTEST_SKIP() << "built without ICU";
  Track native = song(1);
  native.artist = "Земфира";
  ASSERT_TRUE(opened()->add(std::vector{native}));
  index::Index::Options options = kOptions;
  options.transliterate = true;
  const auto library = Library::open(folder_ / "index", options);
  ASSERT_TRUE(library) << library.error().what;
  const auto found = [&] { return (*library)->search("zemfira", {})->tracks.size(); };
  EXPECT_FALSE((*library)->is_as_asked());
  EXPECT_EQ(found(), 0u);
  ASSERT_TRUE(order(**library, IndexTask::kRebuild));
  EXPECT_TRUE((*library)->is_as_asked());
  EXPECT_EQ(found(), 1u);
}

TEST_F(LibraryTest, ExportsATableThatImportsAgain) {
  const auto library = opened();
  fill(*library, 0, 30);
  for (const char* name : {"all.tsv", "all.tsv.zst"}) {
    ASSERT_TRUE(order(*library, IndexTask::kExport, folder_ / name));
    auto again = Library::open(folder_ / (std::string(name) + ".index"), kOptions);
    ASSERT_TRUE(again);
    const auto imported = order(**again, IndexTask::kImport, folder_ / name);
    ASSERT_TRUE(imported) << imported.error().what;
    EXPECT_EQ(imported->tracks, 30u);
    EXPECT_EQ(imported->skipped, 0u);
    const auto found = (*again)->find(song(7).content);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->artist, "Tab and line");
  }
  EXPECT_EQ(order(*library, IndexTask::kExport, folder_ / "no/such/folder.tsv").error().code, ErrorCode::kDisk);
}

TEST_F(LibraryTest, StopsWhenAskedAndKeepsTheOldIndex) {
  const auto library = opened();
  fill(*library, 0, 30);
  const auto stopped = carry_out({IndexTask::kRebuild, {}, 0, 0}, *library, [](const IndexProgress&) { return false; });
  EXPECT_EQ(stopped.error().code, ErrorCode::kStopped);
  EXPECT_EQ(library->stats().tracks, 30u);
  EXPECT_FALSE(fs::exists(folder_ / "index.new"));
}

TEST_F(LibraryTest, ChecksAndCounts) {
  const auto library = opened();
  fill(*library, 0, 30);
  EXPECT_EQ(order(*library, IndexTask::kVerify)->tracks, 30u);
  EXPECT_TRUE(order(*library, IndexTask::kCompact));
  const auto stats = order(*library, IndexTask::kStats);
  EXPECT_EQ(stats->tracks, 30u);
  EXPECT_GT(stats->storage.syncs, 0u);
}

}  // namespace
}  // namespace earshot::node
