// Tables into tracks, and the ids of described ones.
#include "index/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>

#include "index/described.h"
#include "index/line_reader.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImportTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& bytes) {
    const auto file = folder_.path() / "table";
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

  Result<ImportCounts> import(const std::string& bytes, ImportOptions options = {}) {
    tracks_.clear();
    return import_table(write(bytes), options, [&](std::span<const Track> tracks) -> Result<void> {
      batches_.push_back(tracks.size());
      tracks_.insert(tracks_.end(), tracks.begin(), tracks.end());
      return {};
    });
  }

  static std::string packed(const std::string& plain) {
    std::string bytes(ZSTD_compressBound(plain.size()), '\0');
    bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), plain.data(), plain.size(), 1));
    return bytes;
  }

  TemporaryFolder folder_;
  std::vector<Track> tracks_;
  std::vector<std::size_t> batches_;
};

TEST_F(ImportTest, ReadsColumnsByTheirNames) {
  const auto counts = import("sources\tyear\ttitle\tartist\tduration_s\nx\t1959\tSo What\tMiles Davis\t545.5\n");
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(counts->rows, 1u);
  ASSERT_EQ(tracks_.size(), 1u);
  EXPECT_EQ(tracks_[0].title, "So What");
  EXPECT_EQ(tracks_[0].artist, "Miles Davis");
  EXPECT_EQ(tracks_[0].year, 1959);
  EXPECT_EQ(tracks_[0].duration_ms, 545'500u);
  EXPECT_EQ(tracks_[0].content, described_id(tracks_[0]));
}

TEST_F(ImportTest, ReadsTheElevenColumnsOfOtherEngines) {
  const std::string hex(64, 'a');
  const auto counts =
      import(hex + "\tArtist\tTitle\tAlbum\tjazz\t1959\t273\tflac\t900\tcc-by\t7\n", {.layout = TableLayout::kPeers});
  ASSERT_TRUE(counts) << counts.error().what;
  ASSERT_EQ(tracks_.size(), 1u);
  EXPECT_EQ(to_string(tracks_[0].content), "ppspp:" + hex);
  EXPECT_EQ(tracks_[0].album, "Album");
  EXPECT_EQ(tracks_[0].codec, Codec::kFlac);
  EXPECT_EQ(tracks_[0].bitrate_kbps, 900u);
}

TEST_F(ImportTest, SkipsBadRowsAndSaysWhichAndWhy) {
  const auto counts = import("title\tyear\ngood\t1959\nyear\tabc\ntoo\tmany\tfields\n\t1959\n\xFF\t1\ngood too\t\n");
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(counts->rows, 2u);
  EXPECT_EQ(counts->bad_rows, 4u);
  std::vector<std::uint64_t> lines;
  for (const BadRow& bad : counts->first_bad) lines.push_back(bad.line);
  EXPECT_THAT(lines, ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(counts->first_bad[0].why, HasSubstr("field 2"));
}

TEST_F(ImportTest, ReadsZstdWhateverTheNameAndSeveralFrames) {
  const auto counts = import(packed("title\nA\n") + packed("B\nC"));
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(counts->rows, 3u);
}

TEST_F(ImportTest, RefusesDamagedZstd) {
  const std::string whole = packed("title\n" + std::string(1000, 'A') + "\n");
  EXPECT_EQ(import(whole.substr(0, whole.size() - 3)).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(import(whole.substr(0, 4) + std::string(50, '\xFF')).error().code, ErrorCode::kCorrupt);
}

TEST_F(ImportTest, SkipsLinesThatAreTooLongInBoundedMemory) {
  const auto counts = import(packed("title\n" + std::string(5'000'000, 'A') + "\nB\n"));
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_EQ(counts->rows, 1u);
  EXPECT_EQ(counts->bad_rows, 1u);
  EXPECT_EQ(counts->first_bad[0].line, 2u);
}

TEST_F(ImportTest, TakesWindowsLineEndsAndAByteOrderMark) {
  const auto counts = import("\xEF\xBB\xBFtitle\tartist\r\nA\tB\r\n");
  ASSERT_TRUE(counts) << counts.error().what;
  ASSERT_EQ(tracks_.size(), 1u);
  EXPECT_EQ(tracks_[0].artist, "B");
}

TEST_F(ImportTest, TellsTheLayoutsApartByTheFirstLine) {
  const std::string hex(64, 'a');
  const ImportOptions any{.layout = TableLayout::kAny};
  ASSERT_TRUE(import(hex + "\tArtist\tFirst\tAlbum\tjazz\t1959\t273\tflac\t900\tcc-by\t7\n", any));
  ASSERT_EQ(tracks_.size(), 1u);
  EXPECT_EQ(tracks_[0].title, "First");
  ASSERT_TRUE(import(packed("artist\ttitle\nArtist\tSecond\n"), any));
  ASSERT_EQ(tracks_.size(), 1u);
  EXPECT_EQ(tracks_[0].title, "Second");
  EXPECT_FALSE(import("", any));
}

TEST_F(ImportTest, ForgetsARowBeforeTheNextOne) {
  ASSERT_TRUE(import("title\tgenre\tyear\tlicence\nA\tjazz\t1959\tcc0\nB\t\t\t\n", {.batch = 1}));
  ASSERT_EQ(tracks_.size(), 2u);
  EXPECT_EQ(tracks_[1].genre, "");
  EXPECT_EQ(tracks_[1].year, 0);
  EXPECT_EQ(tracks_[1].licence, "");
}

TEST_F(ImportTest, RefusesATableWithoutATitle) {
  for (const char* table : {"", "artist\talbum\nA\tB\n"}) {
    const auto counts = import(table);
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(counts.error().what, HasSubstr("title"));
  }
}

TEST_F(ImportTest, HandsOverBatchesAndStopsWhenToldTo) {
  ASSERT_TRUE(import("title\nA\nB\nC\nD\nE\n", {.batch = 2}));
  EXPECT_THAT(batches_, ElementsAre(2, 2, 1));
  const auto stopped = import_table(write("title\nA\n"), {}, [](std::span<const Track>) -> Result<void> {
    return fail(ErrorCode::kDisk, "full");
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kDisk);
}

TEST_F(ImportTest, RefusesWhatIsNotThereOrNoFile) {
  const auto take = [](std::span<const Track>) -> Result<void> { return {}; };
  EXPECT_EQ(import_table(folder_.path() / "absent", {}, take).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(import_table(folder_.path(), {}, take).error().code, ErrorCode::kInvalid);
}

TEST(DescribedId, IsTheSameForTheSameSongSpeltDifferently) {
  Track a = track(1, "Don't Stop | Fleetwood Mac | Rumours");
  a.duration_ms = 193'000;
  Track b = track(2, "  DON’T   Stop | ＦＬＥＥＴＷＯＯＤ mac | Rumours");
  b.duration_ms = 193'400;
  EXPECT_EQ(described_id(a), described_id(b));
  EXPECT_EQ(described_id(a).scheme, Scheme::kDescribed);
}

TEST(DescribedId, DiffersWithEveryPart) {
  const Track song = track(1, "Title | Artist | Album");
  for (const char* other :
       {"Title2 | Artist | Album", "Title | Artist2 | Album", "Title | Artist | Album2", "TitleArtist |  | Album"}) {
    EXPECT_NE(described_id(song), described_id(track(1, other)));
  }
  Track longer = song;
  longer.duration_ms = 1000;
  EXPECT_NE(described_id(song), described_id(longer));
}

// Ids are agreed between nodes: a changed digest would part those of two versions.
TEST(DescribedId, NeverChanges) {
  Track song = track(1, "So What | Miles Davis | Kind of Blue | jazz | 1959");
  song.duration_ms = 545'000;
  EXPECT_EQ(to_string(described_id(song)),
            "described:5b5c1dc5ff0df961bec44abff6f8cbaf4e1893064f24e86afdde7ea22b595cdc");
}

}  // namespace
}  // namespace earshot::index
