// Fetches: names that cannot harm, bytes that are checked as a whole, an end in every case.
#include "tools/node/fetches.h"

#include <gmock/gmock.h>

#include <future>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;

Track titled(const std::string& artist, const std::string& title) {
  Track track;
  track.artist = artist;
  track.title = title;
  track.codec = Codec::kMp3;
  return track;
}

TEST(FileName, IsReadableWhereTheTextsAre) {
  EXPECT_EQ(file_name_for(titled("Björk", "Jóga")), "Björk - Jóga.mp3");
  EXPECT_EQ(file_name_for(titled("", "Alone")), "Alone.mp3");
}

TEST(FileName, IsNeverAPathAHiddenFileOrAnOption) {
  EXPECT_EQ(file_name_for(titled("", "../../etc/passwd")), "_._.._etc_passwd.mp3");
  EXPECT_EQ(file_name_for(titled("", "/absolute")), "_absolute.mp3");
  EXPECT_EQ(file_name_for(titled("", "-rf")), "_rf.mp3");
  EXPECT_EQ(file_name_for(titled("", ".hidden")), "_hidden.mp3");
  EXPECT_EQ(file_name_for(titled("", "a\nb")), "a_b.mp3");
  EXPECT_EQ(file_name_for(titled("", std::string("a\0b", 3))), "track.mp3");
  EXPECT_EQ(file_name_for(titled("", "\xff")), "track.mp3");
  EXPECT_EQ(file_name_for(titled("", "")), "track.mp3");
  EXPECT_EQ(file_name_for(titled("AC/DC", "T.N.T.")), "AC_DC - T.N.T..mp3");
}

TEST(FileName, IsClippedOnACodePoint) {
  std::string kana;
  for (int i = 0; i < 200; ++i) kana += "か";
  const std::string name = file_name_for(titled("", kana));
  EXPECT_LE(name.size(), 210u);
  EXPECT_TRUE(is_clean_text(name));
}

class FetchesTest : public testing::Test {
 protected:
  FetchesTest() {
    auto engine = std::make_unique<FakeEngine>();
    engine_ = engine.get();
    engines_.emplace(Scheme::kPpspp, std::move(engine));
  }

  static Result<ContentId> by_text(const fs::path& file, Scheme) { return id_of_text(text_of(file)); }

  // Starts a fetch and waits for its end.
  Result<FetchDone> fetched(Fetches& fetches, Fetch fetch) {
    auto promise = std::make_shared<std::promise<Result<FetchDone>>>();
    auto future = promise->get_future();
    const auto started = fetches.start(
        std::move(fetch), {[](const stream::Status&) {},
                           [promise](Result<FetchDone> done) { promise->set_value(std::move(done)); }});
    if (!started) return tl::unexpected(started.error());
    return future.get();
  }

  TemporaryFolder folder_;
  Engines engines_;
  FakeEngine* engine_ = nullptr;
};

TEST_F(FetchesTest, WritesAVerifiedFileIntoTheFolder) {
  const ContentId content = id_of_text("music");
  engine_->texts[content] = "music";
  Fetches fetches(engines_, by_text);
  const auto done = fetched(fetches, {content, {}, folder_.path(), titled("A", "B")});
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->file, folder_ / "A - B.mp3");
  EXPECT_EQ(text_of(done->file), "music");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(FetchesTest, AnEqualFileIsNotFetchedAgainAndAnotherOneIsNotTouched) {
  const ContentId content = id_of_text("music");
  engine_->texts[content] = "music";
  Fetches fetches(engines_, by_text);
  folder_.write("A - B.mp3", "something else");
  const auto first = fetched(fetches, {content, {}, folder_.path(), titled("A", "B")});
  EXPECT_EQ(first->file, folder_ / "A - B (2).mp3");
  EXPECT_EQ(text_of(folder_ / "A - B.mp3"), "something else");
  engine_->texts.clear();
  folder_.write("A - B.mp3", "music");
  EXPECT_EQ(fetched(fetches, {content, {}, folder_.path(), titled("A", "B")})->file, folder_ / "A - B.mp3");
}

TEST_F(FetchesTest, BytesThatAreNotTheContentAreNeverKept) {
  const ContentId content = id_of_text("music");
  engine_->texts[content] = "forged";
  Fetches fetches(engines_, by_text);
  const auto done = fetched(fetches, {content, {}, folder_.path(), titled("A", "B")});
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FetchesTest, AStopEndsAFetchThatStalls) {
  Fetches fetches(engines_, by_text);
  std::promise<Result<FetchDone>> promise;
  const auto stop = fetches.start(
      {content_of(9), {}, folder_.path(), {}},
      {[](const stream::Status&) {}, [&](Result<FetchDone> done) { promise.set_value(std::move(done)); }});
  ASSERT_TRUE(stop);
  **stop = true;
  EXPECT_EQ(promise.get_future().get().error().code, ErrorCode::kStopped);
}

TEST_F(FetchesTest, GoingAwayStopsWhatRuns) {
  std::promise<Result<FetchDone>> promise;
  {
    Fetches fetches(engines_, by_text);
    ASSERT_TRUE(fetches.start(
        {content_of(9), {}, folder_.path(), {}},
        {[](const stream::Status&) {}, [&](Result<FetchDone> done) { promise.set_value(std::move(done)); }}));
  }
  EXPECT_EQ(promise.get_future().get().error().code, ErrorCode::kStopped);
}

TEST_F(FetchesTest, ASeventeenthFetchIsRefused) {
  Fetches fetches(engines_, by_text);
  const auto start = [&] {
    return fetches.start({content_of(9), {}, folder_.path(), {}},
                         {[](const stream::Status&) {}, [](const Result<FetchDone>&) {}});
  };
  for (std::size_t i = 0; i < Fetches::kMaxRunning; ++i) ASSERT_TRUE(start());
  EXPECT_EQ(start().error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace earshot::node
