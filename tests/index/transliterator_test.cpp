// Names of other scripts are found by Latin letters, by an index that was made so and by nobody else.
#include "index/transliterator.h"

#include <gtest/gtest.h>

#include <sstream>

#include "index/digest_keys.h"
#include "index/index.h"
#include "index/rematch.h"
#include "index/store.h"
#include "index/terms.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

constexpr Index::Options kTransliterating = {.transliterate = true, .sync = false, .live_tracks = 4};

class Transliterated : public testing::Test {
 protected:
  void SetUp() override {
    if (Transliterator::rule().empty()) GTEST_SKIP() << "built without ICU";
  }
  std::unique_ptr<Index> opened(const Index::Options& options) const {
    auto index = Index::open(folder_.path(), options);
    EXPECT_TRUE(index) << index.error().what;
    return index ? std::move(*index) : nullptr;
  }
  static std::size_t found(const Index& index, std::string_view query) {
    const auto answer = index.search(query, {.budget = 60s, .typos = false});
    return answer ? answer->tracks.size() : 0;
  }

  const TemporaryFolder folder_;
};

TEST_F(Transliterated, NamesAreFoundAsTheyAreTyped) {
  std::istringstream rows(contents_of(std::string(EARSHOT_SOURCE_DIR) + "/tests/data/transliterated.tsv"));
  const auto index = opened(kTransliterating);
  std::uint32_t number = 0;
  for (std::string row; std::getline(rows, row);) {
    if (row.starts_with("# ")) continue;
    const auto tab = row.find('\t');
    Track named = track(++number, "");
    named.artist = row.substr(0, tab);
    ASSERT_TRUE(index->add(std::vector{named}));
    EXPECT_EQ(found(*index, named.artist), 1u) << named.artist;
    std::istringstream searches(row.substr(tab + 1));
    for (std::string search; std::getline(searches, search, '|');) {
      EXPECT_EQ(found(*index, search), 1u) << named.artist << " by " << search;
      EXPECT_TRUE(Rematch(search).holds(named)) << named.artist << " by " << search << ", by who asked";
    }
  }
  EXPECT_EQ(number, 20u);
  EXPECT_EQ(found(*index, "artist:\"mikhail shcherbakov\""), 1u);
  EXPECT_EQ(found(*index, "\"akusticheskiy albom\""), 1u);
  EXPECT_EQ(found(*index, "\"shcherbakov mikhail\""), 0u);
}

TEST_F(Transliterated, LatinNamesWeighWhatTheyDidBefore) {
  Tokenizer plain, latin(Transliterator::instance());
  TrackTerms before(plain), after(latin);
  const Track name = track(1, "Björk – Jóga… | Sigur Rós | Ágætis byrjun");
  before.read(name);
  after.read(name);
  EXPECT_EQ(before.terms().size(), after.terms().size());
  const Track native = track(1, "Кино | Кино");
  before.read(native);
  after.read(native);
  EXPECT_EQ(before.length(), after.length()) << "spellings do not make a track longer";
  for (const auto& term : after.terms()) EXPECT_EQ(term.count, kTitleWeight + kArtistWeight) << term.text;
}

TEST_F(Transliterated, TracksLeaveAsTheyCameOverSealsAndRestarts) {
  std::vector<ContentId> ids;
  {
    const auto index = opened(kTransliterating);
    for (std::uint32_t i = 0; i < 20; ++i) {
      const Track one = track(i, i % 2 ? "Кино | Цой" : "Kino | Tsoy");
      ASSERT_TRUE(index->add(std::vector{one}));
      ids.push_back(one.content);
    }
    EXPECT_EQ(found(*index, "kino tsoy"), 20u);
    ASSERT_TRUE(index->remove(std::span(ids).first(7)));
  }
  const auto index = opened(kTransliterating);
  ASSERT_TRUE(index->remove(std::span(ids).subspan(7, 7)));
  ASSERT_TRUE(index->compact());
  EXPECT_EQ(found(*index, "kino tsoy"), 6u);
  ASSERT_TRUE(index->remove(ids));
  ASSERT_TRUE(index->compact());
  EXPECT_EQ(found(*index, "kino"), 0u);
}

TEST_F(Transliterated, AnIndexKeepsToWhatItWasMadeWith) {
  Index::Options plain = kTransliterating;
  plain.transliterate = false;
  ASSERT_TRUE(opened(plain)) << "an empty one may still change";
  ASSERT_TRUE(opened(kTransliterating)->add(std::vector{track(1, "Кино")}));
  const auto other = Index::open(folder_.path(), plain);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kInvalid);
  EXPECT_NE(other.error().what.find("rebuild"), std::string::npos);
  plain.only_to_visit = true;
  const auto index = opened(plain);
  std::size_t tracks = 0;
  ASSERT_TRUE(index->visit([&](const Track&) { return ++tracks > 0; }));
  EXPECT_EQ(tracks, 1u);
  EXPECT_FALSE(index->add(std::vector{track(2, "Мы")}));
}

TEST_F(Transliterated, AnotherVersionOfTheRulesIsAnotherRule) {
  ASSERT_TRUE(opened(kTransliterating)->add(std::vector{track(1, "Кино")}));
  {
    auto store = Store::open(folder_.path(), {});
    ASSERT_TRUE(store);
    auto batch = (*store)->batch();
    batch->put(Family::kState, "transliteration", "icu 12.3 1");
    ASSERT_TRUE((*store)->write(std::move(batch)));
  }
  EXPECT_EQ(Index::open(folder_.path(), kTransliterating).error().code, ErrorCode::kInvalid);
}

TEST_F(Transliterated, DigestsSayWhatTheIndexCanFind) {
  const DigestKeys plain, latin(/*transliterates=*/true);
  const auto needs = plain.asked_by("zemfira");
  const Track track = index::track(1, "Хочешь? | Земфира");
  EXPECT_FALSE(may_answer(needs, plain.of(track)));
  EXPECT_TRUE(may_answer(needs, latin.of(track)));
}

TEST(NotTransliterated, WithoutIcuAnIndexRefusesToTransliterate) {
  if (!Transliterator::rule().empty()) GTEST_SKIP() << "built with ICU";
  const TemporaryFolder folder;
  EXPECT_EQ(Index::open(folder.path(), kTransliterating).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace earshot::index
