// Folders of one owner, whole writes, one node per data folder.
#include "tools/node/runtime_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0);
  return found.st_mode & 0777;
}

TEST(PrivateFolder, IsForItsOwnerOnlyEvenWhenItWasWider) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_private_folder(folder / "a/b"));
  EXPECT_EQ(mode_of(folder / "a/b"), 0700u);
  ::chmod((folder / "a/b").c_str(), 0755);
  ASSERT_TRUE(make_private_folder(folder / "a/b"));
  EXPECT_EQ(mode_of(folder / "a/b"), 0700u);
}

TEST(PrivateFolder, IsNoFile) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  EXPECT_EQ(make_private_folder(folder / "file").error().code, ErrorCode::kDisk);
}

TEST(PrivateFile, IsReplacedWholeAndNobodyElseReadsIt) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_private_file(folder / "token", "first"));
  ASSERT_TRUE(write_private_file(folder / "token", "second"));
  EXPECT_EQ(text_of(folder / "token"), "second");
  EXPECT_EQ(mode_of(folder / "token"), 0600u);
}

TEST(PrivateFile, DoesNotWriteThroughALinkThatSomeoneLaid) {
  const TemporaryFolder folder;
  folder.write("victim", "untouched");
  std::filesystem::create_symlink(folder / "victim", folder / "token.new");
  ASSERT_TRUE(write_private_file(folder / "token", "secret"));
  EXPECT_EQ(text_of(folder / "victim"), "untouched");
}

TEST(SmallFile, HasALimit) {
  const TemporaryFolder folder;
  folder.write("file", "12345");
  EXPECT_EQ(*read_small_file(folder / "file", 5), "12345");
  EXPECT_EQ(read_small_file(folder / "file", 4).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(read_small_file(folder / "absent", 4).error().code, ErrorCode::kNotFound);
}

TEST(FolderLock, IsHeldByOneAndFreeAfterwards) {
  const TemporaryFolder folder;
  {
    const auto lock = FolderLock::take(folder.path());
    ASSERT_TRUE(lock);
    EXPECT_EQ(FolderLock::take(folder.path()).error().code, ErrorCode::kExhausted);
  }
  EXPECT_TRUE(FolderLock::take(folder.path()));
}

TEST(RandomToken, IsLongAndNeverTheSame) {
  EXPECT_EQ(random_token().size(), 64u);
  EXPECT_NE(random_token(), random_token());
}

}  // namespace
}  // namespace earshot::node
