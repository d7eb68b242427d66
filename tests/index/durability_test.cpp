// What is damaged, or newer than this program, is refused and left as it was. Kills, power cuts and bit flips by the
// hundred have files of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
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

void fill(const std::filesystem::path& folder, std::uint32_t tracks) {
  const auto index = Index::open(folder, kOptions);
  ASSERT_TRUE(index) << index.error().what;
  for (std::uint32_t number = 0; number < tracks; ++number) {
    ASSERT_TRUE((*index)->add(std::vector{track(number, "Song" + std::to_string(number) + " | Artist | Album")}));
  }
}

// A change that is written, and of which the watermark knows nothing.
void add_unacknowledged(const std::filesystem::path& folder) {
  std::filesystem::rename(folder / "acknowledged", folder / "before");
  {
    const auto index = Index::open(folder, kOptions);
    ASSERT_TRUE((*index)->add(std::vector{track(19, "Song19 | Artist | Album")}));
  }
  std::filesystem::rename(folder / "before", folder / "acknowledged");
}

void rot_last_write(const std::filesystem::path& folder) {
  const auto logs = files_of(folder, ".log");
  ASSERT_FALSE(logs.empty());
  flip_byte(logs.back(), std::filesystem::file_size(logs.back()) - 1);
}

void tear_last_write(const std::filesystem::path& folder) {
  const auto logs = files_of(folder, ".log");
  ASSERT_FALSE(logs.empty());
  std::filesystem::resize_file(logs.back(), std::filesystem::file_size(logs.back()) - 5);
}

TEST(Durability, RefusesWhatLostAnAcknowledgedWrite) {
  const TemporaryFolder folder;
  fill(folder.path(), 20);
  tear_last_write(folder.path());
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(index.error().what, HasSubstr("acknowledged changes are missing"));
}

// A power cut in the middle of a write: it was not acknowledged yet.
TEST(Durability, DropsATornLastWriteOnly) {
  const TemporaryFolder folder;
  fill(folder.path(), 19);
  add_unacknowledged(folder.path());
  tear_last_write(folder.path());
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ((*index)->stats().tracks, 19u);
}

// The disk had stored how long the last write is, and not yet its last bytes.
TEST(Durability, DropsALastWriteThatIsWholeByItsLengthOnly) {
  const TemporaryFolder folder;
  fill(folder.path(), 19);
  add_unacknowledged(folder.path());
  rot_last_write(folder.path());
  for (int i = 0; i < 2; ++i) {
    const auto index = Index::open(folder.path(), kOptions);
    ASSERT_TRUE(index) << index.error().what;
    EXPECT_EQ((*index)->stats().tracks, 19u);
  }
}

TEST(Durability, RefusesALastWriteThatRottedAfterItWasAcknowledged) {
  const TemporaryFolder folder;
  fill(folder.path(), 20);
  rot_last_write(folder.path());
  for (int i = 0; i < 2; ++i) {
    const auto index = Index::open(folder.path(), kOptions);
    ASSERT_FALSE(index);
    EXPECT_THAT(index.error().what, HasSubstr("acknowledged changes are missing"));
  }
}

TEST(Durability, DropsATornLastWriteOfTheManifest) {
  const TemporaryFolder folder;
  fill(folder.path(), 60);
  std::string name;
  std::getline(std::ifstream(folder.path() / "CURRENT"), name);
  const std::string torn = std::string(4, 'x') + std::string("\x08\x00\x01", 3) + "unwanted";
  std::ofstream(folder.path() / name, std::ios::app | std::ios::binary) << torn;
  const auto index = Index::open(folder.path(), kOptions);
  ASSERT_TRUE(index) << index.error().what;
  EXPECT_EQ((*index)->stats().tracks, 60u);
}

TEST(Durability, RefusesALogThatIsDamagedBeforeItsEnd) {
  const TemporaryFolder folder;
  fill(folder.path(), 20);
  const auto log = files_of(folder.path(), ".log").back();
  const auto size = std::filesystem::file_size(log);
  flip_byte(log, size / 2);
  EXPECT_FALSE(Index::open(folder.path(), kOptions));
  EXPECT_EQ(std::filesystem::file_size(log), size);
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
