// Hexadecimal, clean text, and clipping on code points.
#include "schema/bytes.h"

#include <gtest/gtest.h>

namespace earshot {
namespace {

TEST(Bytes, HexadecimalReadsBack) {
  Digest32 digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(i * 8 + 7);
  EXPECT_EQ(digest_from_hex(to_hex(digest)), digest);
}

TEST(CleanText, TakesEveryLengthOfSequence) {
  EXPECT_TRUE(is_clean_text(""));
  EXPECT_TRUE(is_clean_text("So What\tAñ東😀\n"));
  EXPECT_TRUE(is_clean_text("\xF4\x8F\xBF\xBF"));  // U+10FFFF
}

TEST(CleanText, JudgesEveryByteAlikeWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_clean = (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\n';
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      EXPECT_EQ(is_clean_text(text), is_clean) << byte << " at " << place;
    }
  }
}

TEST(CleanText, RefusesControlsAndMalformedSequences) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(is_clean_text("a\0b"sv));
  EXPECT_FALSE(is_clean_text("\x1b[31m"));
  EXPECT_FALSE(is_clean_text("\x7f"));
  EXPECT_FALSE(is_clean_text("\xC0\xAF"));          // overlong '/'
  EXPECT_FALSE(is_clean_text("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(is_clean_text("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_clean_text("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_clean_text("\xE6\x9D"));          // cut short
  EXPECT_FALSE(is_clean_text("\x80"));              // continuation alone
}

// Every code point, encoded by hand, is clean exactly when it is neither a control nor a surrogate.
TEST(CleanText, JudgesEveryCodePoint) {
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    std::string text;
    if (point < 0x80) {
      text.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
      text.push_back(static_cast<char>(0xC0 | point >> 6));
      text.push_back(static_cast<char>(0x80 | (point & 63)));
    } else {
      if (point < 0x10000) {
        text.push_back(static_cast<char>(0xE0 | point >> 12));
      } else {
        text.push_back(static_cast<char>(0xF0 | point >> 18));
        text.push_back(static_cast<char>(0x80 | (point >> 12 & 63)));
      }
      text.push_back(static_cast<char>(0x80 | (point >> 6 & 63)));
      text.push_back(static_cast<char>(0x80 | (point & 63)));
    }
    const bool control = (point < 0x20 && point != '\t' && point != '\n') || point == 0x7F;
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    ASSERT_EQ(is_clean_text(text), !control && !surrogate) << std::hex << point;
  }
}

TEST(ClipUtf8, EndsOnACodePoint) {
  EXPECT_EQ(clip_utf8("ñandú", 1), "");
  EXPECT_EQ(clip_utf8("ñandú", 2), "ñ");
  EXPECT_EQ(clip_utf8("東京", 5), "東");
  EXPECT_EQ(clip_utf8("東京", 6), "東京");
}

}  // namespace
}  // namespace earshot
