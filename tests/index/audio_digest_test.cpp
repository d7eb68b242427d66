// Copies of one recording meet whatever their tags say; other recordings do not.
#include "index/audio_digest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <taglib/fileref.h>
#include <taglib/tag.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kFormats = {"mp3", "flac", "ogg", "opus", "m4a", "wav"};

fs::path tone(const std::string& format) { return fs::path(EARSHOT_SOURCE_DIR) / "tests/data/audio" / ("tone." + format); }

Result<Digest32> digest_of(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  auto digest = audio_digest(descriptor);
  ::close(descriptor);
  return digest;
}

class AudioDigest : public testing::Test {
 protected:
  fs::path written(const std::string& name, const std::string& bytes) const { return folder_.write(name, bytes); }

  TemporaryFolder folder_;
};

TEST_F(AudioDigest, IsTheSameAfterNewTags) {
  for (const std::string& format : kFormats) {
    const fs::path copy = written("copy." + format, contents_of(tone(format)));
    const auto before = digest_of(copy);
    ASSERT_TRUE(before) << format << ": " << before.error().what;
    {
      TagLib::FileRef file(copy.c_str());
      file.tag()->setTitle(TagLib::String(std::string(5'000, 'x')));
      file.tag()->setComment("another copy");
      ASSERT_TRUE(file.save()) << format;
    }
    ASSERT_NE(contents_of(copy), contents_of(tone(format))) << format;
    const auto after = digest_of(copy);
    ASSERT_TRUE(after) << format << ": " << after.error().what;
    EXPECT_EQ(*before, *after) << format;
  }
}

TEST_F(AudioDigest, LeavesOutTagsAtBothEnds) {
  const std::string plain = contents_of(tone("mp3"));
  const std::string id3v2("ID3\x03\x00\x00\x00\x00\x00\x05zzzzz", 15);
  std::string ape = "APETAGEX" + std::string("\xD0\x07\0\0", 4) + std::string("\x24\0\0\0", 4) + std::string(16, '\0');
  const std::string id3v1 = "TAG" + std::string(125, 'y');
  const auto sound = digest_of(written("a.mp3", plain));
  EXPECT_EQ(*sound, *digest_of(written("b.mp3", id3v2 + plain)));
  EXPECT_EQ(*sound, *digest_of(written("c.mp3", plain + "body" + ape)));
  EXPECT_EQ(*sound, *digest_of(written("d.mp3", plain + "body" + ape + id3v1)));
  EXPECT_EQ(*sound, *digest_of(written("e.mp3", plain + "LYRICSBEGIN000011LYRICS200" + id3v1)));
}

TEST_F(AudioDigest, DiffersBetweenRecordings) {
  std::set<Digest32> digests;
  for (const std::string& format : kFormats) digests.insert(*digest_of(tone(format)));
  EXPECT_EQ(digests.size(), kFormats.size());
  for (const std::string& format : kFormats) {
    std::string bytes = contents_of(tone(format));
    bytes[format == "m4a" ? bytes.find("mdat") + 40 : bytes.size() - 200] ^= 1;
    const auto other = digest_of(written("other." + format, bytes));
    if (other) {
      EXPECT_TRUE(digests.insert(*other).second) << format;
    }
  }
}

TEST_F(AudioDigest, RefusesWhatIsNoAudioAndSurvivesWhatIsCut) {
  EXPECT_EQ(digest_of(written("text", "no audio at all, whatever it is called")).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(digest_of(written("empty", "")));
  Random random = Random::stream(31, 0, 0);
  SCOPED_TRACE("seed 31");
  for (const std::string& format : kFormats) {
    const std::string bytes = contents_of(tone(format));
    for (int round = 0; round < 60; ++round) {
      std::string broken = bytes.substr(0, random.below(bytes.size()));
      if (!broken.empty()) broken[random.below(broken.size())] = static_cast<char>(random.below(256));
      const auto digest = digest_of(written("broken." + format, broken));
      if (!digest) {
        EXPECT_NE(digest.error().what, "");
      }
    }
  }
}

}  // namespace
}  // namespace earshot::index
