// What a stranger's track must be to count as an answer.
#include "index/rematch.h"

#include <gtest/gtest.h>

namespace earshot::index {
namespace {

Track so_what() {
  Track track;
  track.title = "So What";
  track.artist = "Miles Davis";
  track.album = "Kind of Blue (Legacy Edition)";
  track.year = 1959;
  track.duration_ms = 545'000;
  track.codec = Codec::kFlac;
  return track;
}

bool answers(std::string_view question) { return Rematch(question).holds(so_what()); }

TEST(Rematch, TakesWhatTheQuestionAsksFor) {
  for (const char* question : {"so what", "miles blue", "mil*", "\"kind of blue\"", "davis year:1955..1960", "codec:flac",
                               "title:what artist:miles", "nobody OR miles", "miles -live", "so what length:>8m"}) {
    EXPECT_TRUE(answers(question)) << question;
  }
}

TEST(Rematch, TakesSlipsOfThePenAsAnIndexDoes) {
  EXPECT_TRUE(answers("davsi"));
  EXPECT_TRUE(answers("miles dawis"));
  EXPECT_FALSE(answers("\"davsi\""));
}

TEST(Rematch, RefusesTheRest) {
  for (const char* question : {"so what now", "coltrane", "miles -davis", "year:1960..", "codec:mp3", "\"blue kind\"",
                               "title:miles", "length:<5m"}) {
    EXPECT_FALSE(answers(question)) << question;
  }
}

TEST(Rematch, AQuestionThatNoIndexTakesMatchesNothing) {
  EXPECT_FALSE(answers("year:nonsense"));
  EXPECT_FALSE(answers(""));
}

TEST(Rematch, AContentAskedForByItsIdIsThatOneAndNoOther) {
  Track track = so_what();
  track.content = {Scheme::kPpspp, {}};
  const std::string id = to_string(track.content);
  EXPECT_TRUE(Rematch(id).holds(track));
  track.content.digest.back() = 1;
  EXPECT_FALSE(Rematch(id).holds(track));
  track.title = id;
  EXPECT_FALSE(Rematch(id).holds(track)) << "a title that says so";
}

}  // namespace
}  // namespace earshot::index
