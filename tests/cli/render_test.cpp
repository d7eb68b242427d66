// What a terminal is given: aligned, and nothing that it would obey.
#include "tools/cli/render.h"

#include <gmock/gmock.h>

#include "schema/bytes.h"

namespace earshot::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

bool has_control(const std::string& text) {
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value == 0x7F) return true;
  }
  // C1 controls, as UTF-8: C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

TEST(Printable, LetsNoControlCharacterThrough) {
  for (unsigned value = 0; value < 0x20; ++value) {
    EXPECT_FALSE(has_control(printable("a" + std::string(1, static_cast<char>(value)) + "b"))) << value;
  }
  for (const char* hostile :
       {"\x1b[2J", "\x1b]0;title\x07", "\x7f",
        "\xc2\x9b"
        "31m",
        "\xc2\x85",
        "\xe2\x80\xae"
        "evil",
        "\xe2\x80\xa8", "\xe2\x81\xa6", "\xef\xbb\xbf", "\xff\xfe", "\xc0\x9b", "\xed\xa0\x80", "\xe2\x80"}) {
    const std::string text = printable(hostile);
    EXPECT_FALSE(has_control(text)) << text;
    EXPECT_TRUE(is_clean_text(text));
    EXPECT_THAT(text, HasSubstr("\xEF\xBF\xBD"));
  }
}

TEST(Printable, LeavesTheWritingOfTheWorldAlone) {
  for (const char* text : {"Björk", "宇多田ヒカル", "Кино", "فيروز", "Ñandú", "T.N.T. (Live) – 1992", "🎵"})
    EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable("two\twords\nand lines"), "two words and lines");
}

TEST(Printable, EveryByteAloneIsHarmless) {
  for (unsigned value = 0; value < 256; ++value) {
    const std::string text = printable(std::string(3, static_cast<char>(value)));
    EXPECT_FALSE(has_control(text)) << value;
    EXPECT_TRUE(is_clean_text(text)) << value;
  }
}

TEST(Fitted, IsExactlyAsWideAsAsked) {
  for (const char* text : {"", "a", "a long English title", "宇多田ヒカル", "Björk",
                           "e\xcc\x81"
                           "te\xcc\x81",
                           "\x1b[31mred"}) {
    for (std::size_t width = 0; width < 24; ++width)
      EXPECT_EQ(cells(fitted(text, width)), width) << text << " in " << width;
  }
  EXPECT_EQ(fitted("abcdef", 4), "abc…");
  EXPECT_EQ(fitted("宇多田", 4), "宇… ");
}

TEST(ClockTime, IsHowPeopleSayLengths) {
  EXPECT_EQ(clock_time(0), "");
  EXPECT_EQ(clock_time(187'000), "3:07");
  EXPECT_EQ(clock_time(3'723'900), "1:02:03");
}

TEST(ByteCount, HasOneDigitAfterThePointBelowTen) {
  EXPECT_EQ(byte_count(0), "0 B");
  EXPECT_EQ(byte_count(999), "999 B");
  EXPECT_EQ(byte_count(1'000), "1.0 kB");
  EXPECT_EQ(byte_count(9'990), "9.9 kB");
  EXPECT_EQ(byte_count(10'000), "10 kB");
  EXPECT_EQ(byte_count(999'999), "999 kB");
  EXPECT_EQ(byte_count(3'141'592), "3.1 MB");
  EXPECT_EQ(byte_count(1'000'000'000), "1.0 GB");
  EXPECT_EQ(byte_count(18'446'744'073'709'551'615u), "18446744 TB");
}

HitLine hostile_hit() {
  HitLine hit;
  hit.title = "\x1b[2J\x1b]0;owned\x07title";
  hit.artist = "ar\rtist";
  hit.album =
      "al\nbum\xc2\x9b"
      "0m";
  hit.holders.resize(3);
  hit.hops = 2;
  hit.ms = 41;
  return hit;
}

TEST(HitTable, NeverPrintsAnEscapeThatAStrangerSent) {
  for (const Colour colour : {Colour::kOff, Colour::kOn}) {
    const std::string row = HitTable(100, colour).row(1, hostile_hit());
    EXPECT_FALSE(has_control(row)) << row;
    EXPECT_THAT(row, HasSubstr("41 ms"));
  }
}

TEST(HitTable, RowsAreAsWideAsTheTerminal) {
  for (const std::size_t width : {80u, 100u, 173u}) {
    const HitTable table(width, Colour::kOff);
    EXPECT_EQ(cells(table.header()), width);
    EXPECT_EQ(cells(table.row(1, hostile_hit())), width);
    HitLine wide;
    wide.title = wide.artist = wide.album = "宇多田ヒカル宇多田ヒカル宇多田ヒカル宇多田ヒカル宇多田ヒカル";
    EXPECT_EQ(cells(table.row(12345, wide)), width);
  }
}

TEST(HitTable, ColoursOnlyItsOwnHeader) {
  EXPECT_THAT(HitTable(100, Colour::kOn).header(), StartsWith("\x1b[1m"));
  EXPECT_THAT(HitTable(100, Colour::kOff).header(), Not(HasSubstr("\x1b")));
}

TEST(ProgressBar, SurvivesSizesThatMakeNoSense) {
  ProgressLine progress;
  EXPECT_THAT(progress_bar(progress), HasSubstr("0 B of 0 B from 0 holders"));
  progress.size = 10;
  progress.bytes = 20;
  EXPECT_THAT(progress_bar(progress), StartsWith("[##############################]"));
}

TEST(ProgressBar, SaysHowFastAndHowLong) {
  ProgressLine progress;
  progress.size = 3'000'000;
  progress.bytes = 1'000'000;
  EXPECT_THAT(progress_bar(progress, 500'000), HasSubstr(", 500 kB/s, 0:05 left"));
  progress.bytes = progress.size;
  EXPECT_THAT(progress_bar(progress, 500'000), testing::Not(HasSubstr("left")));
}

TEST(HowToPlay, QuotesTheFileForAShell) {
  EXPECT_THAT(how_to_play("/m/it's $(x).ogg"), HasSubstr(R"('/m/it'\''s $(x).ogg')"));
}

TEST(ClosingLine, SaysWhatTheSearchCost) {
  EXPECT_EQ(closing_line({1, 2, 3040, 5, 1, 5}),
            "1 track at 2 holders in 3.0 s; this node sent 5 questions and got 1 answer");
  SummaryLine summary{1, 2, 3040, 5, 1, 5, 61, 240};
  EXPECT_THAT(closing_line(summary), HasSubstr("; 61 peers asked by some 240 messages, what share of the network that is, is not known yet"));
  summary.coverage = 982;
  summary.least = 970;
  summary.most = 990;
  EXPECT_THAT(closing_line(summary), HasSubstr("messages, which covers 98.2 % of the network (97.0 to 99.0 %)"));
}

}  // namespace
}  // namespace earshot::cli
