// Text tables, plain and compressed.
#include "sim/table_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace earshot::sim {
namespace {

std::filesystem::path written(const std::string& name, const std::string& bytes) {
  const auto path = std::filesystem::temp_directory_path() / ("earshot_table_test_" + name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

// "0\t1\n" packed by zstd 1.5.4.
const std::string kPacked("\x28\xb5\x2f\xfd\x04\x58\x21\x00\x00\x30\x09\x31\x0a\xb2\xcd\xf3\x0a", 17);

TEST(TableFile, ReadsPlainAndPackedTextAlike) {
  const auto plain = written("plain.tsv", "0\t1\n");
  const auto packed = written("packed.tsv.zst", kPacked);
  EXPECT_EQ(*read_text(plain), "0\t1\n");
  EXPECT_EQ(read_text(packed).value_or("unreadable"), "0\t1\n");
}

TEST(TableFile, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(read_text("/no/such/file.tsv").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_text(written("short.tsv.zst", kPacked.substr(0, 10))).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(read_text(written("noise.tsv.zst", "this is no zstd")).error().code, ErrorCode::kCorrupt);
}

TEST(TableFile, CutsLinesAndCells) {
  std::vector<std::string_view> cut;
  Pieces pieces("a\n\nb\n", '\n');
  for (std::string_view piece; pieces.next(piece);) cut.push_back(piece);
  EXPECT_EQ(cut, (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(TableFile, ParsesWholeNumbersOnly) {
  std::uint32_t number = 0;
  EXPECT_TRUE(parse_number("999999999", number));
  EXPECT_EQ(number, 999'999'999u);
  for (const char* text : {"", "-1", "1.5", "12x", "1000000000", " 1"}) EXPECT_FALSE(parse_number(text, number)) << text;
}

}  // namespace
}  // namespace earshot::sim
