// Files in pieces: whole or not there, inside their folder whatever their name says.
#include "tools/node/uploads.h"

#include <gtest/gtest.h>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  if (fs::exists(folder)) {
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  }
  return count;
}

TEST(Uploads, PiecesBecomeAFile) {
  const TemporaryFolder folder;
  Uploads uploads(folder / "published");
  const auto upload = uploads.begin("song.mp3", 6);
  ASSERT_TRUE(upload);
  const auto half = uploads.add(*upload, 0, "abc");
  ASSERT_TRUE(half);
  EXPECT_EQ(half->received, 3u);
  EXPECT_FALSE(half->file);
  const auto whole = uploads.add(*upload, 3, "def");
  ASSERT_TRUE(whole && whole->file);
  EXPECT_EQ(*whole->file, folder / "published/song.mp3");
  EXPECT_EQ(text_of(*whole->file), "abcdef");
  EXPECT_EQ(files_in(folder / "published"), 1u);
  EXPECT_FALSE(uploads.add(*upload, 6, "x"));
}

TEST(Uploads, NoNameLeavesTheFolder) {
  const TemporaryFolder folder;
  Uploads uploads(folder / "published");
  for (const char* name : {"../../evil.mp3", "/etc/passwd", "..", ".hidden", "-rf", "", "a\0b", "con\\x", "a/b/c.ogg"}) {
    const auto upload = uploads.begin(name, 1);
    ASSERT_TRUE(upload) << name;
    const auto whole = uploads.add(*upload, 0, "x");
    ASSERT_TRUE(whole && whole->file) << name;
    EXPECT_EQ(whole->file->parent_path(), folder / "published") << name;
    EXPECT_FALSE(whole->file->filename().string().starts_with('.')) << name;
  }
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(Uploads, TwoOfOneNameLieBesideEachOther) {
  const TemporaryFolder folder;
  Uploads uploads(folder / "published");
  for (const char* text : {"1", "2"}) ASSERT_TRUE(uploads.add(*uploads.begin("a.ogg", 1), 0, text));
  EXPECT_EQ(text_of(folder / "published/a.ogg"), "1");
  EXPECT_EQ(text_of(folder / "published/a (2).ogg"), "2");
}

TEST(Uploads, PiecesOutOfPlaceAreRefused) {
  const TemporaryFolder folder;
  Uploads uploads(folder.path());
  const auto upload = uploads.begin("a.ogg", 4);
  EXPECT_EQ(uploads.add(*upload, 1, "b").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(uploads.add(*upload, 0, "").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(uploads.add(*upload, 0, "abcde").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(uploads.add(*upload + 1, 0, "a").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(uploads.add(*upload, 0, "abcd"));
}

TEST(Uploads, SizesAndNumbersAreBounded) {
  const TemporaryFolder folder;
  Uploads uploads(folder / "published");
  EXPECT_EQ(uploads.begin("a", 0).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(uploads.begin("a", Uploads::kMaxBytes + 1).error().code, ErrorCode::kInvalid);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < Uploads::kMaxOpen; ++i) last = *uploads.begin("a", 1);
  EXPECT_EQ(uploads.begin("a", 1).error().code, ErrorCode::kExhausted);
  uploads.give_up(last);
  EXPECT_TRUE(uploads.begin("a", 1));
}

TEST(Uploads, WhatWasNotFinishedIsGone) {
  const TemporaryFolder folder;
  {
    Uploads uploads(folder / "published");
    ASSERT_TRUE(uploads.add(*uploads.begin("a.ogg", 4), 0, "ab"));
    const auto given_up = uploads.begin("b.ogg", 4);
    uploads.give_up(*given_up);
    EXPECT_EQ(files_in(folder / "published"), 1u);
  }
  EXPECT_EQ(files_in(folder / "published"), 0u);
}

}  // namespace
}  // namespace earshot::node
