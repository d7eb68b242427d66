// Ten thousand real rows through import, seals and search, against the naive twin.
#include <gtest/gtest.h>

#include "index/import.h"
#include "index/index.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"
#include "tests/index/twin.h"

namespace earshot::index {
namespace {

std::vector<Track> real_rows(std::size_t wanted) {
  std::vector<Track> rows;
  std::size_t seen = 0;
  const auto counts = import_table(shared_data("A_tracks.tsv.zst"), {}, [&](std::span<const Track> tracks) -> Result<void> {
    // Every fortieth, so that the rows are of all letters.
    for (const Track& track : tracks) {
      if (seen++ % 40 == 0) rows.push_back(track);
    }
    if (rows.size() < wanted) return {};
    return fail(ErrorCode::kStopped, "enough");
  });
  EXPECT_TRUE(counts || counts.error().code == ErrorCode::kStopped);
  rows.resize(std::min(rows.size(), wanted));
  return rows;
}

TEST(RealRows, AreFoundAsTheTwinFindsThem) {
  if (shared_data("A_tracks.tsv.zst").empty()) GTEST_SKIP() << "no shared data beside the source tree";
  const std::vector<Track> rows = real_rows(10'000);
  ASSERT_EQ(rows.size(), 10'000u);
  const TemporaryFolder folder;
  const auto index = Index::open(folder.path(), {.sync = false, .live_tracks = 3'000});
  ASSERT_TRUE(index) << index.error().what;
  Twin twin;
  for (std::size_t at = 0; at < rows.size(); at += 500) {
    const auto part = std::span(rows).subspan(at, 500);
    ASSERT_TRUE((*index)->add(part));
    twin.add(part);
  }
  EXPECT_EQ((*index)->stats().tracks, twin.size());

  const std::uint64_t seed = 3;
  SCOPED_TRACE("seed 3");
  Random random = Random::stream(seed, 0, 0);
  for (int i = 0; i < 60; ++i) {
    const Track& row = rows[random.below(rows.size())];
    std::string query = i % 4 == 0 ? row.artist : row.title;
    if (i % 4 == 1) query = query.substr(0, query.find(' ')) + "*";
    if (query.size() > 512) continue;
    const auto answer = (*index)->search(query, {.limit = 50, .budget = 60s});
    const auto expected = twin.search(query, 50);
    ASSERT_EQ(answer.has_value(), expected.has_value()) << query;
    if (!answer) continue;
    ASSERT_EQ(answer->tracks.size(), expected->tracks.size()) << query;
    EXPECT_FALSE(answer->tracks.empty()) << query;
    for (std::size_t j = 0; j < answer->tracks.size(); ++j) {
      ASSERT_EQ(answer->tracks[j].track, expected->tracks[j].track) << query;
      ASSERT_EQ(answer->tracks[j].score, expected->tracks[j].score) << query;
    }
  }
}

}  // namespace
}  // namespace earshot::index
