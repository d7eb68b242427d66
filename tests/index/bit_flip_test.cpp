// Flips one bit of one file, of every kind that an index has: it is refused, noticed by a search or a check, or harmless;
// never another answer. EARSHOT_FLIPS says how often, EARSHOT_FLIP_ONLY one kind of file (MANIFEST, .log, .sst, ...),
// EARSHOT_SEED draws everything.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>

#include "index/index.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"
#include "tests/index/story.h"

namespace earshot::index {
namespace {

namespace fs = std::filesystem;

constexpr Index::Options kOptions = {.sync = true, .cache_bytes = 2u << 20, .live_tracks = 25};

void flip_bit(const fs::path& file, std::uint64_t bit) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(bit / 8));
  stream.put(static_cast<char>(byte ^ (1 << bit % 8)));
}

// "000012.sst" -> ".sst", "MANIFEST-000004" -> "MANIFEST"
std::string kind_of(const fs::path& file) {
  const std::string name = file.filename().string();
  return file.has_extension() ? file.extension().string() : name.substr(0, name.find('-'));
}

struct Counts {
  std::uint32_t flips = 0, refused = 0, noticed = 0, checked = 0, harmless = 0;
};

class BitFlips : public testing::Test {
 protected:
  // An index with tables, with and without changes in its log, as a killed process leaves it.
  void build(const fs::path& folder, Expected& expected, std::uint32_t steps) {
    const auto index = Index::open(scratch_ / "built", kOptions);
    ASSERT_TRUE(index) << index.error().what;
    for (; expected.steps() < steps; expected.advance()) {
      ASSERT_TRUE(perform(**index, step_of(seed_, expected.steps())));
      if (expected.steps() == steps / 2) {
        ASSERT_TRUE((*index)->compact());
      }
    }
    // The index is open, as before a crash; what it takes away behind a merge while it is copied makes that copy none.
    std::error_code gone;
    for (int tries = 0; tries == 0 || gone; ++tries) {
      ASSERT_LT(tries, 100) << gone.message();
      fs::remove_all(folder);
      fs::copy(scratch_ / "built", folder, fs::copy_options::recursive, gone);
    }
  }

  // One flip: its outcome among `counts`, and whatever is wrong as a failure.
  void flip(const fs::path& whole, const Expected& expected, Random& random) {
    const fs::path folder = scratch_ / "flipped";
    fs::remove_all(folder);
    fs::copy(whole, folder, fs::copy_options::recursive);
    std::map<std::string, std::vector<fs::path>> kinds;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file() && entry.file_size() > 0) kinds[kind_of(entry.path())].push_back(entry.path());
    }
    auto kind = kinds.begin();
    std::advance(kind, static_cast<std::ptrdiff_t>(random.below(kinds.size())));
    if (const char* only = std::getenv("EARSHOT_FLIP_ONLY"); only != nullptr && kinds.contains(only)) kind = kinds.find(only);
    std::sort(kind->second.begin(), kind->second.end());
    const fs::path file = kind->second[random.below(kind->second.size())];
    const std::uint64_t size = fs::file_size(file);
    const std::uint64_t bit = random.below(size * 8);
    flip_bit(file, bit);

    Counts& counts = counts_[kind->first];
    ++counts.flips;
    const auto index = Index::open(folder, kOptions);
    if (!index) {
      ++counts.refused;
      EXPECT_EQ(index.error().code, ErrorCode::kCorrupt) << index.error().what;
      return;
    }
    std::uint64_t noticed = 0;
    const std::string wrong = expected.wrong_answer(**index, noticed);
    EXPECT_EQ(wrong, "") << "bit " << bit << " of " << file.filename() << " of " << size << " bytes";
    const auto verified = (*index)->verify([](std::uint64_t) { return true; });
    ++(noticed > 0 ? counts.noticed : !verified ? counts.checked : counts.harmless);
  }

  std::uint64_t seed_ = rig_seed(21);
  TemporaryFolder scratch_{rig_parent()};
  std::map<std::string, Counts> counts_;
};

TEST_F(BitFlips, AreNoticedOrHarmlessInEveryFile) {
  SCOPED_TRACE("EARSHOT_SEED=" + std::to_string(seed_));
  const std::uint32_t flips = rounds("EARSHOT_FLIPS", 300);
  Random random = Random::stream(seed_, 5, 0);
  std::array<Expected, 2> expected = {Expected(seed_), Expected(seed_)};
  build(scratch_ / "short log", expected[0], 60);
  expected[1].advance_to(expected[0].steps());
  build(scratch_ / "long log", expected[1], 130);
  for (std::uint32_t i = 0; i < flips; ++i) {
    const bool is_long = random.chance(1, 2);
    flip(scratch_ / (is_long ? "long log" : "short log"), expected[is_long ? 1 : 0], random);
    if (HasFailure()) break;
  }
  Counts all;
  for (const auto& [kind, counts] : counts_) {
    std::printf("%-12s %5u flips: %5u refused, %4u noticed by a search, %4u by a check, %5u harmless\n", kind.c_str(),
                counts.flips, counts.refused, counts.noticed, counts.checked, counts.harmless);
    all.refused += counts.refused;
    all.noticed += counts.noticed;
  }
  EXPECT_GT(all.refused, 0u);
}

// RocksDB takes a record whose length passes the end of the log for a torn write.
TEST_F(BitFlips, InTheLengthOfALogRecordAreNotTakenForATornWrite) {
  Expected expected(seed_);
  build(scratch_ / "whole", expected, 40);
  std::uint32_t refused = 0;
  for (const auto& entry : fs::directory_iterator(scratch_ / "whole")) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    const fs::path folder = scratch_ / "flipped";
    fs::copy(scratch_ / "whole", folder, fs::copy_options::recursive);
    constexpr std::uint64_t kTopBitOfLength = 5 * 8 + 7;  // a record begins with its checksum, four bytes, and its length
    flip_bit(folder / entry.path().filename(), kTopBitOfLength);
    const auto index = Index::open(folder, kOptions);
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().code, ErrorCode::kCorrupt);
    ++refused;
    fs::remove_all(folder);
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace earshot::index
