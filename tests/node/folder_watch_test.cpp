// A shared folder is looked at again when something in it changed, and only then.
#include "tools/node/folder_watch.h"

#include <gtest/gtest.h>

#include <condition_variable>

#include "tests/temporary_folder.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FolderWatchTest : public testing::Test {
 protected:
  FolderWatchTest() {
    auto watch = FolderWatch::start(
        [this](const fs::path& share) {
          const std::lock_guard lock(mutex_);
          ++told_[share.filename()];
          wake_.notify_all();
        },
        {20ms, 2'000ms, 600'000ms});
    if (watch) watch_ = std::move(*watch);
  }
  ~FolderWatchTest() override { watch_.reset(); }

  void SetUp() override { ASSERT_TRUE(watch_); }

  // Waits until the share was told of once more than before.
  bool hears_of(const std::string& share) {
    std::unique_lock lock(mutex_);
    const int before = heard_[share];
    const bool heard = wake_.wait_for(lock, 20s, [&] { return told_[share] > before; });
    heard_[share] = told_[share];
    return heard;
  }

  TemporaryFolder folder_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, int> told_;   // guarded by mutex_
  std::map<std::string, int> heard_;  // guarded by mutex_
  std::unique_ptr<FolderWatch> watch_;
};

TEST_F(FolderWatchTest, TellsOfNewChangedMovedAndRemovedFiles) {
  folder_.write("music/a.ogg", "a");
  watch_->follow(folder_ / "music");
  folder_.write("music/b.ogg", "b");
  EXPECT_TRUE(hears_of("music"));
  folder_.write("music/a.ogg", "longer");
  EXPECT_TRUE(hears_of("music"));
  fs::rename(folder_ / "music/a.ogg", folder_ / "music/c.ogg");
  EXPECT_TRUE(hears_of("music"));
  fs::remove(folder_ / "music/c.ogg");
  EXPECT_TRUE(hears_of("music"));
  EXPECT_TRUE(watch_->is_complete());
}

TEST_F(FolderWatchTest, FollowsFoldersThatAppear) {
  fs::create_directories(folder_ / "music");
  watch_->follow(folder_ / "music");
  fs::create_directories(folder_ / "music/new/deep");
  EXPECT_TRUE(hears_of("music"));
  folder_.write("music/new/deep/a.ogg", "a");
  EXPECT_TRUE(hears_of("music"));
}

TEST_F(FolderWatchTest, TellsWhichShare) {
  fs::create_directories(folder_ / "one");
  fs::create_directories(folder_ / "two");
  watch_->follow(folder_ / "one");
  watch_->follow(folder_ / "two");
  folder_.write("two/a.ogg", "a");
  EXPECT_TRUE(hears_of("two"));
  folder_.write("one/.hidden", "a");
  folder_.write("two/b.ogg", "b");
  EXPECT_TRUE(hears_of("two"));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(told_["one"], 0);
}

TEST_F(FolderWatchTest, DoesNotFollowLinks) {
  folder_.write("secret/a.ogg", "a");
  fs::create_directories(folder_ / "music");
  fs::create_directory_symlink(folder_ / "secret", folder_ / "music/link");
  watch_->follow(folder_ / "music");
  folder_.write("secret/b.ogg", "b");
  folder_.write("music/c.ogg", "c");
  EXPECT_TRUE(hears_of("music"));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(told_["music"], 1);
}

}  // namespace
}  // namespace earshot::node
