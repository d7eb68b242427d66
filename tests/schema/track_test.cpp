// What a stranger may say about a track, and what becomes of the rest.
#include "schema/track.h"

#include <gtest/gtest.h>

#include "schema/limits.h"

namespace earshot {
namespace {

TEST(Track, TidiesOverlongAndUncleanTexts) {
  Track track;
  track.title = std::string(limits::kMaxTrackText - 1, 'a') + "ñ";
  track.artist = "\x1b[2J";
  track.album = "Kind of Blue";
  EXPECT_FALSE(is_tidy(track));
  const Track tidy = tidied(track);
  EXPECT_TRUE(is_tidy(tidy));
  EXPECT_EQ(tidy.title, std::string(limits::kMaxTrackText - 1, 'a'));
  EXPECT_EQ(tidy.artist, "");
  EXPECT_EQ(tidy.album, "Kind of Blue");
}

TEST(Track, RefusesNumbersBeyondItsEnums) {
  Track track;
  track.codec = static_cast<Codec>(200);
  EXPECT_FALSE(is_tidy(track));
  EXPECT_EQ(to_string(track.codec), "unknown");
}

TEST(Codec, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(Codec::kWav); ++i) {
    const auto codec = static_cast<Codec>(i);
    EXPECT_EQ(codec_from(to_string(codec)), codec);
  }
  EXPECT_EQ(codec_from("wma"), Codec::kUnknown);
}

}  // namespace
}  // namespace earshot
