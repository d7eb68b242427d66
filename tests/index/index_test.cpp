// The index as its header promises it.
#include "index/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class IndexTest : public testing::Test {
 protected:
  void open(std::size_t live_tracks = 65'536) {
    index_.reset();
    Index::Options options;
    options.sync = false;
    options.live_tracks = live_tracks;
    auto opened = Index::open(folder_.path(), options);
    ASSERT_TRUE(opened) << opened.error().what;
    index_ = std::move(*opened);
  }

  void add(const std::vector<Track>& tracks) {
    const auto added = index_->add(tracks);
    ASSERT_TRUE(added) << added.error().what;
  }

  std::vector<std::string> titles(std::string_view query, SearchOptions options = {}) {
    const auto answer = index_->search(query, options);
    EXPECT_TRUE(answer) << answer.error().what;
    std::vector<std::string> titles;
    for (const Found& found : answer->tracks) titles.push_back(found.track.title);
    return titles;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Index> index_;
};

const std::vector<Track> kJazz = {
  track(1, "So What | Miles Davis | Kind of Blue | jazz | 1959"),
  track(2, "Blue in Green | Miles Davis | Kind of Blue | jazz | 1959"),
  track(3, "Blue Train | John Coltrane | Blue Train | jazz | 1957"),
  track(4, "What a Wonderful World | Louis Armstrong | | jazz | 1967"),
};

TEST_F(IndexTest, FindsTracksThatHoldEveryWord) {
  open();
  add(kJazz);
  EXPECT_THAT(titles("so what"), ElementsAre("So What"));
  EXPECT_THAT(titles("what miles"), ElementsAre("So What"));
  EXPECT_THAT(titles("1957"), ElementsAre("Blue Train"));
  EXPECT_THAT(titles("what zebra"), IsEmpty());
}

TEST_F(IndexTest, PutsTheTrackWhereTheWordSaysMostFirst) {
  open();
  add(kJazz);
  EXPECT_THAT(titles("blue"), ElementsAre("Blue Train", "Blue in Green", "So What"));
}

TEST_F(IndexTest, FindsByPrefix) {
  open();
  add(kJazz);
  EXPECT_THAT(titles("arm*"), ElementsAre("What a Wonderful World"));
  EXPECT_THAT(titles("wond* lou*"), ElementsAre("What a Wonderful World"));
  EXPECT_THAT(titles("arm"), IsEmpty());
}

TEST_F(IndexTest, ScoresAWordOnceHoweverOftenItIsAsked) {
  open();
  add(kJazz);
  const auto once = index_->search("davis", {});
  const auto twice = index_->search("davis artist:davis", {});
  ASSERT_TRUE(once && twice);
  ASSERT_FALSE(once->tracks.empty());
  EXPECT_EQ(twice->tracks[0].score, once->tracks[0].score);
}

TEST_F(IndexTest, AnswersTheSameFromSealedSegmentsAndAfterReopening) {
  open(/*live_tracks=*/2);
  for (const Track& one : kJazz) add({one});
  EXPECT_THAT(titles("blue"), ElementsAre("Blue Train", "Blue in Green", "So What"));
  open(/*live_tracks=*/2);
  EXPECT_THAT(titles("blue"), ElementsAre("Blue Train", "Blue in Green", "So What"));
  EXPECT_THAT(titles("wond* lou*"), ElementsAre("What a Wonderful World"));
}

TEST_F(IndexTest, ReplacesByContentId) {
  for (const std::size_t live_tracks : {1u, 100u}) {
    open(live_tracks);
    add(kJazz);
    add({track(3, "Locomotion | John Coltrane | Blue Train | jazz | 1957")});
    EXPECT_THAT(titles("blue train"), ElementsAre("Locomotion"));
    EXPECT_THAT(titles("coltrane"), ElementsAre("Locomotion"));
    EXPECT_EQ(index_->stats().tracks, 4u);
  }
}

TEST_F(IndexTest, TheLastOfTwoTracksWithOneContentIdInOneAddCounts) {
  open();
  add({track(1, "First"), track(1, "Second")});
  EXPECT_THAT(titles("first"), IsEmpty());
  EXPECT_THAT(titles("second"), ElementsAre("Second"));
  EXPECT_EQ(index_->stats().tracks, 1u);
}

TEST_F(IndexTest, RemovesAndSaysHowManyWereThere) {
  open(/*live_tracks=*/3);
  add(kJazz);
  EXPECT_EQ(index_->remove(std::vector{content(1), content(1), content(3), content(99)}), 2u);
  EXPECT_THAT(titles("blue"), ElementsAre("Blue in Green"));
  EXPECT_EQ(index_->stats().tracks, 2u);
}

TEST_F(IndexTest, FindsOneTrackByItsContentId) {
  open(/*live_tracks=*/3);
  add({kJazz[0], kJazz[1], kJazz[2]});
  add({kJazz[3]});
  for (const Track& one : kJazz) EXPECT_EQ(index_->find(one.content).value(), one);
  EXPECT_EQ(index_->find(content(99)).value(), std::nullopt);
  const auto asked = index_->search(to_string(kJazz[0].content), {});
  ASSERT_EQ(asked->tracks.size(), 1u);
  EXPECT_EQ(asked->tracks[0].track, kJazz[0]);
  EXPECT_TRUE(index_->search(to_string(content(99)), {})->tracks.empty());
}

TEST_F(IndexTest, TellsContentsApartWhoseFirstBytesAgree) {
  open(/*live_tracks=*/1);
  Track a = track(7, "Alpha");
  Track b = track(7, "Beta");
  b.content.digest[31] = 1;
  add({a});
  add({b});
  add({track(8, "Gamma")});
  EXPECT_EQ(index_->find(a.content).value(), a);
  EXPECT_EQ(index_->find(b.content).value(), b);
}

TEST_F(IndexTest, RefusesUntidyTracksAndKeepsNoneOfTheirBatch) {
  open();
  Track untidy = track(2, "Bad");
  untidy.artist = "\xFF";
  const auto added = index_->add(std::vector{track(1, "Good"), untidy});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(titles("good"), IsEmpty());
}

TEST_F(IndexTest, RefusesQueriesWithoutAWord) {
  open();
  for (const char* query : {"", "   ", "\t"}) {
    const auto answer = index_->search(query, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
  }
}

TEST_F(IndexTest, BreaksTiesByContentIdAcrossSegments) {
  open(/*live_tracks=*/3);
  for (const std::uint32_t number : {9u, 2u, 7u, 4u, 8u, 1u, 3u, 6u, 5u, 0u}) add({track(number, "Same")});
  const auto answer = index_->search("same", {.limit = 4});
  ASSERT_TRUE(answer);
  std::vector<ContentId> contents;
  for (const Found& found : answer->tracks) contents.push_back(found.track.content);
  EXPECT_THAT(contents, ElementsAre(content(0), content(1), content(2), content(3)));
}

TEST_F(IndexTest, SaysWhenTheBudgetRanOut) {
  open(/*live_tracks=*/1);
  for (std::uint32_t number = 0; number < 40; ++number) add({track(number, "Song" + std::to_string(number))});
  const auto answer = index_->search("song*", {.limit = 50, .budget = Duration::zero()});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->complete);
  EXPECT_LT(answer->tracks.size(), 40u);
  const auto whole = index_->search("song*", {.limit = 50, .budget = 10s});
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->complete);
  EXPECT_EQ(whole->tracks.size(), 40u);
}

TEST_F(IndexTest, CountsTracksAndTermsThroughReopening) {
  open(/*live_tracks=*/2);
  for (const Track& one : kJazz) add({one});
  // so what miles davis kind of blue jazz 1959 in green train john coltrane 1957 a wonderful world louis armstrong 1967
  EXPECT_EQ(index_->stats().terms, 21u);
  open(/*live_tracks=*/2);
  EXPECT_EQ(index_->stats().tracks, 4u);
  EXPECT_EQ(index_->stats().terms, 21u);
  EXPECT_GT(index_->stats().bytes_on_disk, 0u);
}

// tests/data/README.md says how it was made.
TEST(OldFormats, AreReadChangedAndMerged) {
  const TemporaryFolder folder;
  const auto old = std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests/data/index_format_1";
  std::filesystem::copy(old, folder.path(), std::filesystem::copy_options::recursive);
  constexpr std::uint32_t kTracks = 65;  // the last one was not acknowledged
  for (const bool is_merged : {false, true}) {
    auto index = Index::open(folder.path(), {.live_tracks = 25});
    ASSERT_TRUE(index) << index.error().what;
    EXPECT_EQ((*index)->stats().tracks, kTracks);
    const auto all = (*index)->search("song* artist:artist -year:1959", {.limit = 1000, .budget = 60s});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->tracks.size(), kTracks);
    for (std::uint32_t number = 0; number < kTracks; ++number) {
      const std::string song = "Song" + std::to_string(number);
      const Track expected = track(number, song + " | Artist | Album");
      EXPECT_EQ((*index)->find(expected.content).value(), expected);
      const auto answer = (*index)->search(song, {.limit = 2, .budget = 60s});
      ASSERT_TRUE(answer && answer->tracks.size() == 1) << song;
      EXPECT_EQ(answer->tracks[0].track, expected);
    }
    if (!is_merged) {
      ASSERT_TRUE((*index)->compact());
    }
  }
}

TEST_F(IndexTest, FindsAboutTheTypedWordWhenNothingMatches) {
  open(/*live_tracks=*/3);
  add(kJazz);
  EXPECT_THAT(titles("wonderfull wrold"), ElementsAre("What a Wonderful World"));
  EXPECT_THAT(titles("\"wonderfull\""), IsEmpty());
  const auto answer = index_->search("coltrane bleu", {});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->with_typos);
  EXPECT_TRUE(index_->search("wonderfull", {.typos = false})->tracks.empty());
}

TEST_F(IndexTest, GroupsRecordings) {
  open();
  Track a = track(1, "Blue in Green | Miles Davis");
  a.duration_ms = 337'000;
  Track b = a;
  b.content = content(2);
  b.album = "Kind of Blue";
  b.title = "BLUE IN GREEN";
  b.duration_ms = 337'400;
  Track c = a;
  c.content = content(3);
  c.duration_ms = 339'000;
  add({a, b, c});
  const auto answer = index_->search("green", {});
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->tracks.size(), 3u);
  std::set<std::uint32_t> groups;
  for (const Found& found : answer->tracks) groups.insert(found.group);
  EXPECT_EQ(groups.size(), 2u);
}

class Wider final : public WiderStatistics {
 public:
  std::uint64_t tracks() const override { return 1'000'000; }
  std::uint64_t total_length() const override { return 20'000'000; }
  std::optional<std::uint64_t> tracks_with(std::string_view term) const override {
    return term == "blue" ? std::optional<std::uint64_t>(900'000) : std::nullopt;
  }
};

TEST_F(IndexTest, RanksByTheStatisticsOfAWiderCollection) {
  open();
  add(kJazz);
  const Wider wider;
  const auto own = index_->search("blue", {});
  const auto common = index_->search("blue", {.statistics = &wider});
  ASSERT_TRUE(own && common && !own->tracks.empty());
  EXPECT_EQ(own->tracks.size(), common->tracks.size());
  EXPECT_LT(common->tracks[0].score, own->tracks[0].score);
}

TEST_F(IndexTest, RefusesASecondOpener) {
  open();
  const auto second = Index::open(folder_.path(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDisk);
}

}  // namespace
}  // namespace earshot::index
