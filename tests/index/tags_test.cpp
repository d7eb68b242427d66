// Tags of every format, and files that only pretend.
#include "index/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

const std::filesystem::path kAudio = std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests/data/audio";
const std::vector<std::string> kTones = {"tone.mp3", "tone.ogg", "tone.opus", "tone.flac", "tone.m4a", "tone.wav"};

std::filesystem::path write(const TemporaryFolder& folder, const std::string& name, const std::string& bytes) {
  const auto file = folder.path() / name;
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

TEST(Tags, AreReadFromEveryFormat) {
  const std::vector<Codec> codecs = {Codec::kMp3, Codec::kVorbis, Codec::kOpus, Codec::kFlac, Codec::kAac, Codec::kWav};
  for (std::size_t i = 0; i < kTones.size(); ++i) {
    const auto track = read_tags(kAudio / kTones[i]);
    ASSERT_TRUE(track) << track.error().what;
    EXPECT_EQ(track->title, "Tone at 440 Hz – ♪") << kTones[i];
    EXPECT_EQ(track->artist, "Sine & Söhne") << kTones[i];
    EXPECT_EQ(track->album, "Pure Tones") << kTones[i];
    EXPECT_EQ(track->genre, "Test") << kTones[i];
    EXPECT_EQ(track->year, 2024) << kTones[i];
    EXPECT_EQ(track->codec, codecs[i]) << kTones[i];
    EXPECT_NEAR(track->duration_ms, 1000, 150) << kTones[i];
    EXPECT_EQ(track->size_bytes, std::filesystem::file_size(kAudio / kTones[i]));
  }
}

TEST(Tags, AreReadByTheBytesAndNotByTheName) {
  const TemporaryFolder folder;
  for (const std::string& tone : kTones) {
    const auto track = read_tags(write(folder, "song.xyz", contents_of(kAudio / tone)));
    ASSERT_TRUE(track) << tone << ": " << track.error().what;
    EXPECT_EQ(track->artist, "Sine & Söhne");
  }
}

TEST(Tags, FallBackToTheNameOfTheFile) {
  const TemporaryFolder folder;
  std::string wav = contents_of(kAudio / "tone.wav");
  wav.replace(wav.find("INAM"), 4, "XXXX");
  const auto track = read_tags(write(folder, "My \x01Song.wav", wav));
  ASSERT_TRUE(track) << track.error().what;
  EXPECT_EQ(track->title, "My  Song");
}

TEST(Tags, RefuseWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_tags(folder.path() / "absent.mp3").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_tags(folder.path()).error().code, ErrorCode::kInvalid);
  ASSERT_EQ(mkfifo((folder.path() / "pipe.mp3").c_str(), 0600), 0);
  EXPECT_EQ(read_tags(folder.path() / "pipe.mp3").error().code, ErrorCode::kInvalid);
  std::filesystem::create_symlink(kAudio / "tone.mp3", folder.path() / "link.mp3");
  EXPECT_EQ(read_tags(folder.path() / "link.mp3").error().code, ErrorCode::kInvalid);
}

TEST(Tags, RefuseWhatIsNoAudio) {
  const TemporaryFolder folder;
  for (const std::string& bytes : {std::string(), std::string("O"), std::string(1000, 'x'), std::string("#!/bin/sh\n")}) {
    EXPECT_EQ(read_tags(write(folder, "fake.mp3", bytes)).error().code, ErrorCode::kUnsupported);
  }
}

TEST(Tags, SurviveFilesCutAnywhere) {
  const TemporaryFolder folder;
  for (const std::string& tone : kTones) {
    const std::string whole = contents_of(kAudio / tone);
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 100) {
      const auto track = read_tags(write(folder, tone, whole.substr(0, size)));
      if (track) {
        EXPECT_TRUE(is_tidy(*track));
        EXPECT_FALSE(track->title.empty());
      }
    }
  }
}

TEST(Tags, SurviveFlippedAndRandomBytes) {
  const TemporaryFolder folder;
  const std::uint64_t seed = 20'240'601;
  Random random = Random::stream(seed, 0, 0);
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const std::string& tone : kTones) {
    const std::string whole = contents_of(kAudio / tone);
    for (int round = 0; round < 60; ++round) {
      std::string bytes = whole;
      // The head holds the structure, so half of the flips aim there; the first bytes stay, or nothing would be parsed.
      for (int i = 0; i < 8; ++i) {
        const std::size_t end = random.chance(1, 2) ? std::min<std::size_t>(bytes.size(), 600) : bytes.size();
        bytes[12 + random.below(end - 12)] = static_cast<char>(random.next());
      }
      const auto track = read_tags(write(folder, tone, bytes));
      EXPECT_TRUE(!track || is_tidy(*track));
    }
    std::string noise = whole.substr(0, 40);
    for (int i = 0; i < 20'000; ++i) noise.push_back(static_cast<char>(random.next()));
    const auto track = read_tags(write(folder, tone, noise));
    EXPECT_TRUE(!track || is_tidy(*track));
  }
}

TEST(Tags, AreReadFromRealMusic) {
  const auto folder = shared_data("audio");
  if (folder.empty()) GTEST_SKIP() << "no shared data beside the source tree";
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto track = read_tags(entry.path());
    ASSERT_TRUE(track) << track.error().what;
    EXPECT_GT(track->duration_ms, 50u) << entry.path();
    EXPECT_FALSE(track->title.empty());
    EXPECT_NE(track->codec, Codec::kUnknown);
    ++read;
  }
  EXPECT_GT(read, 5u);
}

}  // namespace
}  // namespace earshot::index
