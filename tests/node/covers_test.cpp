// Pictures in tags and beside files, and what is none.
#include "tools/node/covers.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/node/fakes.h"
#include "tools/node/media_type.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;

const TagChild::Options kOptions = {{std::string(EARSHOT_BINARY_DIR) + "/bin/earshot", kTagChildWord}, 60s};

std::string png(std::size_t size) { return "\x89PNG\r\n\x1a\n" + std::string(size, 'p'); }

// The tone with an ID3v2.3 tag (id3.org) that holds one picture and nothing else.
std::string mp3_with(const std::string& picture) {
  const auto number = [](std::size_t value, unsigned bits) {
    std::string out;
    for (unsigned i = 4; i-- > 0;) out += static_cast<char>(value >> (bits * i) & ((1u << bits) - 1));
    return out;
  };
  const std::string body = std::string("\0image/png\0\3\0", 13) + picture;
  const std::string frame = "APIC" + number(body.size(), 8) + std::string(2, '\0') + body;
  const std::string tone = text_of(fs::path(EARSHOT_SOURCE_DIR) / "tests/data/audio/tone.mp3");
  return std::string("ID3\3\0\0", 6) + number(frame.size(), 7) + frame + tone.substr(id3v2_size(as_bytes(tone)));
}

class CoversTest : public testing::Test {
 protected:
  // Shares what was written into the folder "music".
  Result<std::string> cover_of(const std::string& content) {
    EXPECT_TRUE(scanner_.scan(folder_ / "music", [](const ScanProgress&) { return true; }));
    return covers_.cover_of(id_of_text(content));
  }

  TemporaryFolder folder_;
  MemoryIndex index_;
  FakeEngine engine_;
  Scanner scanner_{index_, engine_, [](int, const fs::path&) { return Result<AudioFile>(AudioFile{}); }, folder_ / "library"};
  Covers covers_{scanner_, kOptions};
};

TEST_F(CoversTest, ComeFromTheTagsFirstOfAll) {
  const std::string file = mp3_with(png(100'000));
  folder_.write("music/a.mp3", file);
  folder_.write("music/cover.png", png(10));
  const auto cover = cover_of(file);
  ASSERT_TRUE(cover) << cover.error().what;
  EXPECT_EQ(*cover, png(100'000));
}

TEST_F(CoversTest, OrLieBesideTheFile) {
  folder_.write("music/deep/a.mp3", "no audio at all");
  folder_.write("music/deep/Folder.png", png(20));
  folder_.write("music/cover.png", png(10));
  EXPECT_EQ(cover_of("no audio at all").value_or(""), png(20));
}

TEST_F(CoversTest, AreNothingThatABrowserCouldRun) {
  const std::string file = mp3_with("<svg onload='alert(1)'/>");
  folder_.write("music/a.mp3", file);
  folder_.write("music/cover.jpg", "<html>");
  EXPECT_EQ(cover_of(file).error().code, ErrorCode::kNotFound);
}

TEST_F(CoversTest, AreNoLargerThanTheirLimit) {
  const std::string file = mp3_with(png(kMaxArt));
  folder_.write("music/a.mp3", file);
  folder_.write("music/cover.png", png(kMaxArt));
  EXPECT_EQ(cover_of(file).error().code, ErrorCode::kNotFound);
}

TEST_F(CoversTest, NeverLeaveTheShare) {
  folder_.write("secret.png", png(5));
  folder_.write("music/a.mp3", "a");
  fs::create_symlink(folder_ / "secret.png", folder_ / "music/cover.png");
  EXPECT_EQ(cover_of("a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(covers_.cover_of(id_of_text("not shared")).error().code, ErrorCode::kNotFound);
}

TEST(TagChild, HandsOutPicturesAndTagsInTurn) {
  const TemporaryFolder folder;
  TagChild child(kOptions);
  for (std::size_t size : {1u, 1000u, 3'000'000u}) {
    const fs::path file = folder.write("a.mp3", mp3_with(png(size)));
    const OpenFile open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(child.art(open.number(), file).value_or(""), png(size)) << size;
    EXPECT_TRUE(child.read(open.number(), file));
  }
  EXPECT_EQ(child.started(), 1u);
}

}  // namespace
}  // namespace earshot::node
