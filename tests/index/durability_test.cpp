// What was acknowledged survives a kill; what is damaged, or newer than this program, is refused and left as it was.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "index/index.h"
#include "index/store.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

using testing::HasSubstr;

constexpr Index::Options kOptions = {.sync = true, .cache_bytes = 8u << 20, .live_tracks = 25};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, const std::string& extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == extension && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void flip_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x40));
}

// A process that adds tracks first, first + 1, ... one by one, and writes a byte after each acknowledgement.
class Writer {
 public:
  Writer(const std::filesystem::path& folder, std::uint32_t first) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const std::string program = std::string(EARSHOT_BINARY_DIR) + "/bin/index_acknowledging_writer";
    const std::string number = std::to_string(first);
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(program.c_str(), program.c_str(), folder.c_str(), number.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    acknowledgements_ = ends[0];
  }

  // Kills it after `wanted` acknowledgements; the number of all that came out.
  std::uint32_t kill_after(std::uint32_t wanted) {
    std::uint32_t count = 0;
    char byte = 0;
    while (count < wanted && read(acknowledgements_, &byte, 1) == 1) ++count;
    kill(process_, SIGKILL);
    while (read(acknowledgements_, &byte, 1) == 1) ++count;
    close(acknowledgements_);
    int status = 0;
    waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    return count;
  }

 private:
  pid_t process_ = -1;
  int acknowledgements_ = -1;
};

TEST(Durability, LosesNothingAcknowledgedToAKill) {
  const std::uint64_t seed = 7;
  SCOPED_TRACE("seed 7");
  Random random = Random::stream(seed, 0, 0);
  const TemporaryFolder folder;
  std::uint32_t acknowledged = 0;
  for (int cycle = 0; cycle < 10; ++cycle) {
    const std::uint32_t count =
        Writer(folder.path(), acknowledged).kill_after(1 + static_cast<std::uint32_t>(random.below(60)));
    EXPECT_GT(count, 0u);
    acknowledged += count;
    const auto index = Index::open(folder.path(), kOptions);
    ASSERT_TRUE(index) << index.error().what;
    for (std::uint32_t number = 0; number < acknowledged; ++number) {
      const auto found = (*index)->find(content(number));
      ASSERT_TRUE(found) << found.error().what;
      ASSERT_TRUE(*found) << number;
      const auto answer = (*index)->search("song" + std::to_string(number), {.limit = 2, .budget = 60s});
      ASSERT_TRUE(answer) << answer.error().what;
      ASSERT_EQ(answer->tracks.size(), 1u) << number;
    }
    // At most the one that was under way is there too.
    const auto tracks = (*index)->stats().tracks;
    EXPECT_GE(tracks, acknowledged);
    EXPECT_LE(tracks, acknowledged + 1);
    acknowledged = static_cast<std::uint32_t>(tracks);
  }
}

void fill(const std::filesystem::path& folder, std::uint32_t tracks) {
  const auto index = Index::open(folder, kOptions);
  ASSERT_TRUE(index) << index.error().what;
  for (std::uint32_t number = 0; number < tracks; ++number) {
    ASSERT_TRUE((*index)->add(std::vector{track(number, "Song" + std::to_string(number) + " | Artist | Album")}));
  }
}

TEST(Durability, DropsATornLastWriteOnly) {
  const TemporaryFolder folder;
  fill(folder.path(), 20);
  const auto logs = files_of(folder.path(), ".log");
  ASSERT_FALSE(logs.empty());
  std::filesystem::resize_file(logs.back(), std::filesystem::file_size(logs.back()) - 5);
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ((*index)->stats().tracks, 19u);
}

TEST(Durability, RefusesADamagedTableAndSaysWhatToDo) {
  const TemporaryFolder folder;
  fill(folder.path(), 60);
  { ASSERT_TRUE(Index::open(folder.path(), kOptions)); }  // moves the log into tables
  for (const auto& table : files_of(folder.path(), ".sst")) {
    const auto size = std::filesystem::file_size(table);
    for (std::uint64_t at = 0; at < size; at += 97) flip_byte(table, at);
  }
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(index.error().what, HasSubstr("move that folder aside"));
}

// One flipped bit anywhere in a table is either harmless or an error, never another answer.
TEST(Durability, NeverAnswersFromADamagedTableInSilence) {
  const TemporaryFolder folder;
  fill(folder.path(), 60);
  { ASSERT_TRUE(Index::open(folder.path(), kOptions)); }
  Random random = Random::stream(11, 0, 0);
  SCOPED_TRACE("seed 11");
  int refused = 0;
  for (int round = 0; round < 40; ++round) {
    const auto tables = files_of(folder.path(), ".sst");
    ASSERT_FALSE(tables.empty());
    const auto& table = tables[random.below(tables.size())];
    const auto at = random.below(std::filesystem::file_size(table));
    flip_byte(table, at);
    {
      const auto index = Index::open(folder.path(), kOptions);
      refused += index ? 0 : 1;
      for (std::uint32_t number = 0; index && number < 60; number += 7) {
        const auto found = (*index)->find(content(number));
        const bool is_right = found ? *found && (*found)->title == "Song" + std::to_string(number)
                                    : found.error().code == ErrorCode::kCorrupt;
        EXPECT_TRUE(is_right);
        const auto answer = (*index)->search("song" + std::to_string(number), {.limit = 2, .budget = 60s});
        EXPECT_TRUE(answer ? answer->tracks.size() == 1 : answer.error().code == ErrorCode::kCorrupt);
        refused += found && answer ? 0 : 1;
      }
    }
    if (std::filesystem::exists(table)) flip_byte(table, at);
  }
  EXPECT_GT(refused, 0);
}

void put_raw(const std::filesystem::path& folder, const std::string& key, const std::string& value,
             const std::string& family = "") {
  rocksdb::Options options;
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, folder.string(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder.string(), families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!family.empty()) {
    rocksdb::ColumnFamilyHandle* added = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), family, &added).ok());
    handles.push_back(added);
  }
  ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), key, value).ok());
  for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
}

TEST(Format, OfANewerProgramIsRefusedAndKept) {
  const TemporaryFolder folder;
  fill(folder.path(), 3);
  put_raw(folder.path(), "format", "3");
  for (int i = 0; i < 2; ++i) {
    const auto index = Index::open(folder.path(), kOptions);
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(index.error().what, HasSubstr("format 3"));
  }
  put_raw(folder.path(), "format", "1");
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ((*index)->stats().tracks, 3u);
}

TEST(Format, WithUnknownFamiliesIsRefused) {
  const TemporaryFolder folder;
  fill(folder.path(), 3);
  put_raw(folder.path(), "format", "2", "owners");
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kUnsupported);
}

TEST(Format, ThatIsNoNumberIsDamage) {
  const TemporaryFolder folder;
  fill(folder.path(), 3);
  put_raw(folder.path(), "format", "1x");
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kCorrupt);
}

TEST(Durability, RefusesAFolderThatCannotBeMade) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  const auto index = Index::open(folder.path() / "file" / "index", kOptions);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kDisk);
}

}  // namespace
}  // namespace earshot::index
