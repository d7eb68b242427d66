// What a share offers, and above all what it does not.
#include "tools/node/scanner.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// A text is sound and, after a '#', tags.
Result<AudioFile> title_from_name(int descriptor, const fs::path& file) {
  std::string text(64, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(descriptor, text.data(), text.size(), 0))));
  if (text == "not audio") return fail(ErrorCode::kCorrupt, "not audio");
  AudioFile read;
  read.track.title = "title of " + file.stem().string();
  read.sound = id_of_text(text.substr(0, text.find('#'))).digest;
  return read;
}

bool always(const ScanProgress&) {
  return true;
}

class ScannerTest : public testing::Test {
 protected:
  Scanner scanner() { return Scanner(index_, engine_, title_from_name, folder_ / "library"); }

  TemporaryFolder folder_;
  MemoryIndex index_;
  FakeEngine engine_;
};

TEST_F(ScannerTest, SharesWhatLooksLikeAudioInSubfoldersToo) {
  folder_.write("music/a.ogg", "a");
  folder_.write("music/deep/er/b.MP3", "b");
  folder_.write("music/cover.jpg", "c");
  Scanner scanner = this->scanner();
  const auto report = scanner.scan(folder_ / "music", always);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->tracks, 2u);
  EXPECT_EQ(report->other_files, 1u);
  EXPECT_THAT(index_.titles(), ElementsAre("title of a", "title of b"));
}

TEST_F(ScannerTest, NeverFollowsASymbolicLink) {
  folder_.write("secret/diary.ogg", "dear diary");
  folder_.write("music/a.ogg", "a");
  fs::create_symlink(folder_ / "secret/diary.ogg", folder_ / "music/file_out.ogg");
  fs::create_directory_symlink(folder_ / "secret", folder_ / "music/folder_out");
  fs::create_symlink("../secret/diary.ogg", folder_ / "music/relative_out.ogg");
  fs::create_directory_symlink("/", folder_ / "music/root");
  fs::create_directory_symlink(".", folder_ / "music/circle");
  fs::create_symlink("/no/such/file.ogg", folder_ / "music/broken.ogg");
  Scanner scanner = this->scanner();
  const auto report = scanner.scan(folder_ / "music", always);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->symlinks, 6u);
  EXPECT_THAT(engine_.shared, ElementsAre("a.ogg"));
}

TEST_F(ScannerTest, ASharedPathThatIsALinkIsResolvedOnce) {
  folder_.write("real/a.ogg", "a");
  fs::create_directory_symlink(folder_ / "real", folder_ / "link");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "link", always));
  ASSERT_THAT(scanner.shares(), SizeIs(1));
  EXPECT_EQ(scanner.shares()[0].path, fs::canonical(folder_ / "real"));
}

TEST_F(ScannerTest, ASingleFileCanBeShared) {
  const fs::path file = folder_.write("a.flac", "a");
  folder_.write("b.flac", "b");
  Scanner scanner = this->scanner();
  EXPECT_EQ(scanner.scan(file, always)->tracks, 1u);
  EXPECT_THAT(engine_.shared, ElementsAre("a.flac"));
}

TEST_F(ScannerTest, HiddenNamesAreLeftAlone) {
  folder_.write("music/.cache/a.ogg", "a");
  folder_.write("music/.b.ogg", "b");
  Scanner scanner = this->scanner();
  EXPECT_EQ(scanner.scan(folder_ / "music", always)->files, 0u);
}

TEST_F(ScannerTest, ABrokenFileNeverStopsAScan) {
  folder_.write("music/a.ogg", "not audio");
  folder_.write("music/b.ogg", "unreadable");
  folder_.write("music/c.ogg", "c");
  Scanner scanner = this->scanner();
  const auto report = scanner.scan(folder_ / "music", always);
  EXPECT_EQ(report->failed, 2u);
  EXPECT_EQ(report->tracks, 1u);
}

TEST_F(ScannerTest, DepthAndFilesAreBoundedAndSaidSo) {
  folder_.write("music/1/2/3/deep.ogg", "a");
  folder_.write("music/a.ogg", "a");
  folder_.write("music/b.ogg", "b");
  const Walk shallow = walk_audio(folder_ / "music", {3, 100});
  EXPECT_THAT(shallow.files, SizeIs(2));
  EXPECT_FALSE(shallow.complete);
  const Walk few = walk_audio(folder_ / "music", {9, 2});
  EXPECT_THAT(few.files, SizeIs(2));
  EXPECT_FALSE(few.complete);
  EXPECT_TRUE(walk_audio(folder_ / "music", {9, 3}).complete);
}

TEST_F(ScannerTest, ARestartRemembersSharesAndTakesOutWhatIsGone) {
  folder_.write("music/a.ogg", "a");
  const fs::path lost = folder_.write("music/b.ogg", "b");
  {
    Scanner before = scanner();
    ASSERT_TRUE(before.scan(folder_ / "music", always));
  }
  fs::remove(lost);
  Scanner after = scanner();
  ASSERT_THAT(after.shares(), SizeIs(1));
  EXPECT_EQ(after.shares()[0].tracks, 2u);
  const auto report = after.scan(after.shares()[0].path, always);
  EXPECT_EQ(report->removed, 1u);
  EXPECT_THAT(engine_.forgotten, ElementsAre(id_of_text("b")));
  EXPECT_THAT(index_.titles(), ElementsAre("title of a"));
}

TEST_F(ScannerTest, OneOfTwoEqualFilesMayGo) {
  folder_.write("music/a.ogg", "same");
  const fs::path twin = folder_.write("music/b.ogg", "same");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "music", always));
  fs::remove(twin);
  EXPECT_EQ(scanner.scan(folder_ / "music", always)->removed, 0u);
  EXPECT_THAT(engine_.forgotten, IsEmpty());
}

TEST_F(ScannerTest, AShareThatIsGoneOffersNothingButIsRemembered) {
  folder_.write("music/a.ogg", "a");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "music", always));
  const fs::path root = scanner.shares()[0].path;
  fs::rename(folder_ / "music", folder_ / "elsewhere");
  EXPECT_EQ(scanner.scan(root, always).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(index_.titles(), IsEmpty());
  ASSERT_THAT(scanner.shares(), SizeIs(1));
  EXPECT_EQ(scanner.shares()[0].tracks, 0u);
}

TEST_F(ScannerTest, AnUnchangedFileIsNotReadAgain) {
  folder_.write("music/a.ogg", "a");
  {
    Scanner before = scanner();
    ASSERT_TRUE(before.scan(folder_ / "music", always));
  }
  int reads = 0;
  Scanner after(index_, engine_, [&](int descriptor, const fs::path& file) {
    ++reads;
    return title_from_name(descriptor, file);
  }, folder_ / "library");
  const auto report = after.scan(folder_ / "music", always);
  EXPECT_EQ(reads, 0);
  EXPECT_EQ(report->unchanged, 1u);
  EXPECT_EQ(report->tracks, 1u);
  ASSERT_TRUE(index_.remove(std::vector{id_of_text("a")}));
  EXPECT_EQ(after.scan(folder_ / "music", always)->unchanged, 0u) << "an index that lost it gets it again";
  EXPECT_EQ(reads, 1);
}

TEST_F(ScannerTest, AMovedFileIsNotReadAgain) {
  folder_.write("music/a.ogg", "a");
  folder_.write("music/b.ogg", "b");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "music", always));
  fs::create_directories(folder_ / "music/deep");
  fs::rename(folder_ / "music/a.ogg", folder_ / "music/deep/c.ogg");
  const auto report = scanner.scan(folder_ / "music", always);
  EXPECT_EQ(report->moved, 1u);
  EXPECT_EQ(report->removed, 0u);
  EXPECT_THAT(engine_.moves, ElementsAre("a.ogg -> c.ogg"));
  EXPECT_THAT(index_.titles(), ElementsAre("title of a", "title of b"));
  EXPECT_EQ(scanner.shares()[0].tracks, 2u);
}

TEST_F(ScannerTest, AChangedFileTakesThePlaceOfWhatItWas) {
  folder_.write("music/a.ogg", "a#old tags");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "music", always));
  folder_.write("music/a.ogg", "a#new and longer tags");
  const auto report = scanner.scan(folder_ / "music", always);
  EXPECT_EQ(report->retagged, 1u);
  EXPECT_THAT(engine_.forgotten, ElementsAre(id_of_text("a#old tags")));
  EXPECT_THAT(index_.titles(), SizeIs(1));
}

TEST_F(ScannerTest, CopiesWithOtherTagsMeet) {
  folder_.write("music/a.ogg", "a#tags");
  folder_.write("music/b.ogg", "a#other tags");
  folder_.write("music/c.ogg", "c");
  Scanner scanner = this->scanner();
  EXPECT_EQ(scanner.scan(folder_ / "music", always)->copies, 1u);
  const ContentId first = id_of_text("a#tags"), copy = id_of_text("a#other tags"), other = id_of_text("c");
  EXPECT_EQ(scanner.recording_of(copy), first);
  EXPECT_EQ(scanner.recording_of(first), first);
  EXPECT_EQ(scanner.recording_of(other), other);
  EXPECT_EQ(this->scanner().recording_of(copy), first) << "remembered over a restart";
}

TEST_F(ScannerTest, KnowsWhereAContentLies) {
  folder_.write("music/deep/a.ogg", "a");
  folder_.write("single.ogg", "s");
  Scanner scanner = this->scanner();
  ASSERT_TRUE(scanner.scan(folder_ / "music", always));
  ASSERT_TRUE(scanner.scan(folder_ / "single.ogg", always));
  const auto place = scanner.place_of(id_of_text("a"));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->root, folder_ / "music");
  EXPECT_EQ(place->file, folder_ / "music/deep/a.ogg");
  EXPECT_EQ(scanner.place_of(id_of_text("s"))->root, folder_.path()) << "of a file that is shared alone: its folder";
  EXPECT_FALSE(scanner.place_of(id_of_text("elsewhere")));
}

TEST_F(ScannerTest, TellsWhatItIsDoing) {
  folder_.write("music/a.ogg", "a");
  Scanner scanner = this->scanner();
  EXPECT_FALSE(scanner.progress());
  ASSERT_TRUE(scanner.scan(folder_ / "music", [&](const ScanProgress&) {
    EXPECT_TRUE(scanner.progress());
    EXPECT_EQ(scanner.progress()->of, 1u);
    return true;
  }));
  EXPECT_FALSE(scanner.progress());
}

TEST_F(ScannerTest, AScanThatIsGivenUpKeepsWhatItDid) {
  folder_.write("music/a.ogg", "a");
  folder_.write("music/b.ogg", "b");
  Scanner scanner = this->scanner();
  const auto report = scanner.scan(folder_ / "music", [](const ScanProgress& progress) { return progress.files == 0; });
  EXPECT_EQ(report.error().code, ErrorCode::kStopped);
  EXPECT_THAT(index_.titles(), ElementsAre("title of a"));
}

TEST_F(ScannerTest, ADamagedRecordIsReadAsFarAsItMakesSense) {
  folder_.write("library", "share /music\nfile nonsense /music/a.ogg\nfile\n\xff\xfe\nshare");
  EXPECT_THAT(scanner().shares(), SizeIs(1));
}

}  // namespace
}  // namespace earshot::node
