// Contents on disk: what is claimed is true, also after a kill.
#include "stream/chunk_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/stream/content.h"
#include "tests/temporary_folder.h"

namespace earshot::stream {
namespace {

using ppspp::chunk_of;
using ppspp::ChunkSet;
using ppspp::Published;
using ppspp::random_bytes;

class ChunkStoreTest : public testing::Test {
 protected:
  std::filesystem::path write_file(std::string_view name, const Bytes& bytes) {
    std::ofstream(folder / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder / name;
  }

  static void keep(ChunkStore& store, const Published& published, std::uint64_t chunk) {
    ASSERT_TRUE(store.keep(chunk, chunk_of(published.content, chunk)));
  }

  static void size(ChunkStore& store, const Published& published, bool exactly) {
    ASSERT_TRUE(store.sized({published.chunk_count(), exactly ? published.content.size() : 0, published.peaks}));
    for (const auto& [index, page] : published.pages) ASSERT_TRUE(store.keep_page(index, page));
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder = temporary_.path();
};

TEST_F(ChunkStoreTest, RemembersWhatWasSynced) {
  const Published published(random_bytes(1, 200 * 1024 + 7));
  {
    auto store = ChunkStore::fetch(folder, published.root).value();
    EXPECT_TRUE(store->possession().peaks.empty());
    size(*store, published, false);
    for (std::uint64_t chunk = 3; chunk < 150; ++chunk) keep(*store, published, chunk);
    ASSERT_TRUE(store->flush());
    ASSERT_TRUE(store->sync());
    keep(*store, published, 160);
    ASSERT_TRUE(store->flush());
  }
  auto store = ChunkStore::fetch(folder, published.root).value();
  EXPECT_EQ(store->possession().peaks, published.peaks);
  EXPECT_EQ(store->possession().verified, (ChunkSet{{3, 150}}));
  Bytes bytes(147 * 1024);
  EXPECT_EQ(store->read(3 * 1024, bytes).value(), bytes.size());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), published.content.begin() + 3 * 1024));
}

TEST_F(ChunkStoreTest, GivesAWholeContentItsName) {
  const Published published(random_bytes(2, 70000));
  {
    auto store = ChunkStore::fetch(folder, published.root).value();
    size(*store, published, true);
    for (std::uint64_t chunk = 0; chunk < published.chunk_count(); ++chunk) keep(*store, published, chunk);
    ASSERT_TRUE(store->flush());
    EXPECT_TRUE(store->file().native().ends_with(".part"));
    ASSERT_TRUE(store->complete());
    EXPECT_EQ(store->file(), folder / to_hex(published.root));
    EXPECT_EQ(std::filesystem::file_size(store->file()), published.content.size());
    ASSERT_TRUE(store->sync());
  }
  auto again = ChunkStore::fetch(folder, published.root).value();
  EXPECT_EQ(again->possession().verified.size(), published.chunk_count());
  again.reset();
  // Someone writes to it: nothing that was verified counts any more.
  std::ofstream(folder / to_hex(published.root), std::ios::app) << "more";
  EXPECT_TRUE(ChunkStore::fetch(folder, published.root).value()->possession().peaks.empty());
}

TEST_F(ChunkStoreTest, IgnoresADamagedSidecar) {
  const Published published(random_bytes(3, 9000));
  {
    auto store = ChunkStore::fetch(folder, published.root).value();
    size(*store, published, true);
    keep(*store, published, 0);
    ASSERT_TRUE(store->flush());
    ASSERT_TRUE(store->sync());
  }
  const auto sidecar = folder / (to_hex(published.root) + ".sidecar");
  for (const std::streamoff at : {0, 20, 60, 100, 4000}) {
    const auto copy = folder / "copy";
    std::filesystem::copy_file(sidecar, copy, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(sidecar, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char was = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(was ^ 1));
    file.close();
    EXPECT_TRUE(ChunkStore::fetch(folder, published.root).value()->possession().peaks.empty()) << "at " << at;
    std::filesystem::rename(copy, sidecar);
  }
}

TEST_F(ChunkStoreTest, HashesAFileOnceAndNoticesThatItChanged) {
  const Bytes content = random_bytes(4, 3'000'000);
  const Published published(content);
  const auto file = write_file("song", content);
  const auto sidecar = folder / "song.sidecar";
  std::uint64_t hashed = 0;
  const auto count = [&](std::uint64_t bytes) { hashed = bytes; return true; };
  EXPECT_EQ(ChunkStore::hash(file, sidecar, count).value(), published.root);
  EXPECT_EQ(hashed, content.size());
  hashed = 0;
  EXPECT_EQ(ChunkStore::hash(file, sidecar, count).value(), published.root);
  EXPECT_EQ(hashed, 0u) << "recalled, not hashed";
  auto store = ChunkStore::shared(sidecar).value();
  EXPECT_EQ(store->possession().verified.size(), published.chunk_count());
  for (const auto& [index, page] : published.pages) EXPECT_EQ(store->page(index).value().nodes, page.nodes);
  Bytes bytes(100);
  EXPECT_EQ(store->read(12345, bytes).value(), 100u);
  std::ofstream(file, std::ios::app) << "x";
  EXPECT_EQ(store->read(12345, bytes).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ChunkStore::shared(sidecar).error().code, ErrorCode::kCorrupt);
  EXPECT_NE(ChunkStore::hash(file, sidecar, count).value(), published.root);
}

TEST_F(ChunkStoreTest, HashesWhatItCanAndSaysWhyNot) {
  const auto refuse = [&](const Bytes& content) { return ChunkStore::hash(write_file("f", content), folder / "f.sidecar", {}).error().code; };
  EXPECT_EQ(refuse({}), ErrorCode::kInvalid);
  EXPECT_EQ(refuse(Bytes(64)), ErrorCode::kInvalid);
  EXPECT_EQ(ChunkStore::hash(folder / "absent", folder / "f.sidecar", {}).error().code, ErrorCode::kNotFound);
  const auto file = write_file("f", random_bytes(5, 5000));
  std::filesystem::create_symlink(file, folder / "link");
  EXPECT_FALSE(ChunkStore::hash(folder / "link", folder / "f.sidecar", {}));
  EXPECT_FALSE(ChunkStore::hash(folder, folder / "f.sidecar", {}));
  const auto stop = [](std::uint64_t) { return false; };
  EXPECT_EQ(ChunkStore::hash(file, folder / "f.sidecar", stop).error().code, ErrorCode::kStopped);
  EXPECT_FALSE(std::filesystem::exists(folder / "f.sidecar.new"));
}

/// A child keeps and syncs, and is killed anywhere. What the sidecar then claims must be there, and what was synced must
/// be claimed.
TEST_F(ChunkStoreTest, ClaimsNothingUnwrittenAfterAKill) {
  const Published published(random_bytes(6, 3000 * 1024));
  std::uint64_t claimed_somewhere = 0;
  for (int round = 0; round < 20; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = ChunkStore::fetch(folder, published.root).value();
      if (store->possession().peaks.empty()) size(*store, published, false);
      for (std::uint64_t step = 0;; ++step) {
        const std::uint64_t chunk = (step * 7 + static_cast<std::uint64_t>(round) * 131) % published.chunk_count();
        if (!store->keep(chunk, chunk_of(published.content, chunk))) _exit(1);
        if (step % 50 != 0) continue;
        if (!store->flush() || !store->sync() || write(pipe_ends[1], &chunk, sizeof chunk) != sizeof chunk) _exit(1);
      }
    }
    close(pipe_ends[1]);
    std::vector<std::uint64_t> promised;
    std::uint64_t chunk = 0;
    while (promised.size() < static_cast<std::size_t>(round % 5) + 1 && read(pipe_ends[0], &chunk, sizeof chunk) == sizeof chunk) {
      promised.push_back(chunk);
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(pipe_ends[0]);

    auto store = ChunkStore::fetch(folder, published.root).value();
    const ChunkSet& verified = store->possession().verified;
    claimed_somewhere += verified.size();
    for (const std::uint64_t promise : promised) EXPECT_TRUE(verified.contains(promise));
    Bytes bytes(1024);
    for (const auto& run : verified.ranges()) {
      for (std::uint64_t at = run.begin; at < run.end; ++at) {
        ASSERT_EQ(store->read(at * 1024, bytes).value(), 1024u);
        ASSERT_TRUE(std::ranges::equal(bytes, chunk_of(published.content, at))) << "chunk " << at << ", round " << round;
      }
    }
  }
  EXPECT_GT(claimed_somewhere, 0u);
}

}  // namespace
}  // namespace earshot::stream
