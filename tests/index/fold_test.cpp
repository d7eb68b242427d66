// The fold table says what utf8proc says, for every code point there is.
#include "index/fold.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <array>

namespace earshot::index {
namespace {

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t code_point : text) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
  }
  return out;
}

bool is_surrogate(char32_t code_point) { return code_point >= 0xD800 && code_point <= 0xDFFF; }

TEST(FoldTable, AgreesWithUtf8procOnEveryCodePoint) {
  const FoldTable table;
  for (char32_t code_point = 0; code_point < 0x110000; ++code_point) {
    const Folded& folded = table.of(code_point);
    const std::u32string expansion = expansion_of(code_point);
    if (folded.kind == CharKind::kExpanded) {
      ASSERT_GT(expansion.size(), 1u) << std::hex << static_cast<std::uint32_t>(code_point);
      continue;
    }
    ASSERT_EQ(folded.text(), utf8(expansion)) << std::hex << static_cast<std::uint32_t>(code_point);
    for (const char32_t part : expansion) ASSERT_EQ(kind_of(part), folded.kind);
  }
}

TEST(FoldTable, LeavesWhatIsFoldedAlready) {
  for (char32_t code_point = 0; code_point < 0x110000; ++code_point) {
    if (is_surrogate(code_point)) continue;
    for (const char32_t part : expansion_of(code_point)) {
      ASSERT_EQ(utf8(expansion_of(part)), utf8(std::u32string(1, part)))
          << std::hex << static_cast<std::uint32_t>(code_point) << " gives " << static_cast<std::uint32_t>(part);
    }
  }
}

TEST(Fold, TakesLettersWithoutADecompositionApart) {
  const auto folded = [](char32_t letter) { return utf8(expansion_of(letter)); };
  EXPECT_EQ(folded(U'Ø'), "o");
  EXPECT_EQ(folded(U'Æ'), "ae");
  EXPECT_EQ(folded(U'Œ'), "oe");
  EXPECT_EQ(folded(U'Ł'), "l");
  EXPECT_EQ(folded(U'Đ'), "d");
  EXPECT_EQ(folded(U'Þ'), "th");
  EXPECT_EQ(folded(U'ß'), "ss");
  EXPECT_EQ(folded(U'ẞ'), "ss");
  EXPECT_EQ(folded(U'ı'), "i");
  EXPECT_EQ(folded(U'İ'), "i");
  EXPECT_EQ(folded(U'ﬁ'), "fi");
}

TEST(Fold, KeepsVoicedKanaAndWholeHangul) {
  EXPECT_EQ(utf8(expansion_of(U'が')), "が");
  EXPECT_EQ(utf8(expansion_of(U'한')), "한");
}

}  // namespace
}  // namespace earshot::index
