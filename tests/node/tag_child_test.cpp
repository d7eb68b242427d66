// A file can kill the process that reads it, or make it hang, and costs nothing but itself.
#include "tools/node/tag_child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "schema/random.h"
#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kProgram = std::string(EARSHOT_BINARY_DIR) + "/bin/earshot";

fs::path tone(const std::string& format) { return fs::path(EARSHOT_SOURCE_DIR) / "tests/data/audio" / ("tone." + format); }

OpenFile opened(const fs::path& file) { return OpenFile(::open(file.c_str(), O_RDONLY | O_CLOEXEC)); }

TEST(TagChild, ReadsEveryFormatInOneProcess) {
  TagChild child({{kProgram, kTagChildWord}, 60s});
  for (const char* format : {"mp3", "flac", "ogg", "opus", "m4a", "wav"}) {
    const OpenFile file = opened(tone(format));
    const auto read = child.read(file.number(), tone(format));
    ASSERT_TRUE(read) << format << ": " << read.error().what;
    EXPECT_EQ(read->track.title, "Tone at 440 Hz – ♪") << format;
    EXPECT_TRUE(read->sound) << format;
    EXPECT_EQ(read->track.size_bytes, fs::file_size(tone(format)));
  }
  EXPECT_EQ(child.started(), 1u);
}

TEST(TagChild, PassesOnWhyAFileIsNoAudio) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("letter.mp3", "dear diary");
  TagChild child({{kProgram, kTagChildWord}, 60s});
  EXPECT_EQ(child.read(opened(file).number(), file).error().code, ErrorCode::kUnsupported);
  const OpenFile good = opened(tone("ogg"));
  EXPECT_TRUE(child.read(good.number(), tone("ogg"))) << "the next one is read";
  EXPECT_EQ(child.started(), 1u);
}

TEST(TagChild, ThatDiesCostsOneFile) {
  TagChild child({{"/bin/sh", "-c", "kill -SEGV $$"}, 60s});
  const OpenFile file = opened(tone("mp3"));
  for (unsigned round = 1; round <= 3; ++round) {
    const auto read = child.read(file.number(), tone("mp3"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(child.started(), round);
  }
}

TEST(TagChild, ThatHangsCostsOneFile) {
  TagChild child({{"/bin/sh", "-c", "sleep 1000"}, 200ms});
  const OpenFile file = opened(tone("mp3"));
  EXPECT_EQ(child.read(file.number(), tone("mp3")).error().code, ErrorCode::kTimedOut);
}

TEST(TagChild, ThatCannotBeStartedIsAnError) {
  TagChild child({{"/no/such/program"}, 1s});
  const OpenFile file = opened(tone("mp3"));
  EXPECT_FALSE(child.read(file.number(), tone("mp3")));
}

TEST(TagChild, SurvivesDamagedFiles) {
  const TemporaryFolder folder;
  TagChild child({{kProgram, kTagChildWord}, 60s});
  Random random = Random::stream(41, 0, 0);
  SCOPED_TRACE("seed 41");
  for (const char* format : {"mp3", "flac", "ogg", "opus", "m4a", "wav"}) {
    const std::string bytes = text_of(tone(format));
    for (int round = 0; round < 15; ++round) {
      std::string broken = bytes.substr(0, 1 + random.below(bytes.size()));
      for (int flips = 0; flips < 20; ++flips) broken[random.below(broken.size())] = static_cast<char>(random.below(256));
      const fs::path file = folder.write("broken", broken);
      const OpenFile open = opened(file);
      const auto read = child.read(open.number(), file);
      if (read) {
        EXPECT_TRUE(is_tidy(read->track));
      }
    }
  }
  EXPECT_LT(child.started(), 5u) << "TagLib crashes on damaged files more often than it should";
}

TEST(TagReply, ReadsBackAndIsRefusedWhenCutAnywhere) {
  AudioFile file{track_of(7, "Title"), Digest32{1, 2, 3}};
  file.track.content = {};
  const std::string reply = encode_reply(file);
  const auto back = decode_reply(reply);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->track, file.track);
  EXPECT_EQ(back->sound, file.sound);
  for (std::size_t size = 0; size < reply.size(); ++size)
    EXPECT_EQ(decode_reply(reply.substr(0, size)).error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(decode_reply(reply + "x"));
  const auto refused = decode_reply(encode_reply(fail(ErrorCode::kUnsupported, "no audio")));
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(refused.error().what, "no audio");
}

TEST(TagReply, OfAPictureHasItsLimit) {
  const std::string reply = encode_art_reply(std::size_t{kMaxArt});
  EXPECT_EQ(decode_art_reply(reply), kMaxArt);
  for (std::size_t size = 0; size < reply.size(); ++size) EXPECT_FALSE(decode_art_reply(reply.substr(0, size)));
  EXPECT_FALSE(decode_art_reply(encode_art_reply(kMaxArt + 1)));
  EXPECT_FALSE(decode_art_reply(reply + "x"));
  EXPECT_EQ(decode_art_reply(encode_art_reply(fail(ErrorCode::kDisk, "no"))).error().code, ErrorCode::kDisk);
}

class Beneath : public testing::TestWithParam<Resolve> {
 protected:
  Beneath() {
    folder_.write("secret/diary.ogg", "dear diary");
    folder_.write("music/deep/a.ogg", "a");
  }
  ErrorCode refusal(const fs::path& below) const {
    const auto file = open_beneath(folder_ / "music", folder_ / "music" / below, GetParam());
    EXPECT_FALSE(file) << below;
    return file ? ErrorCode::kInvalid : file.error().code;
  }
  TemporaryFolder folder_;
};

TEST_P(Beneath, OpensWhatIsThere) {
  EXPECT_TRUE(open_beneath(folder_ / "music", folder_ / "music/deep/a.ogg", GetParam()));
  EXPECT_TRUE(open_beneath(folder_ / "music/deep/a.ogg", folder_ / "music/deep/a.ogg", GetParam())) << "a shared file";
  EXPECT_EQ(refusal("deep/b.ogg"), ErrorCode::kNotFound);
  EXPECT_EQ(refusal("deep"), ErrorCode::kInvalid);
}

TEST_P(Beneath, NeverLeavesTheFolder) {
  fs::create_symlink(folder_ / "secret/diary.ogg", folder_ / "music/out.ogg");
  fs::create_directory_symlink(folder_ / "secret", folder_ / "music/folder");
  fs::create_symlink("../secret/diary.ogg", folder_ / "music/relative.ogg");
  EXPECT_EQ(refusal("out.ogg"), ErrorCode::kDenied);
  EXPECT_EQ(refusal("relative.ogg"), ErrorCode::kDenied);
  EXPECT_FALSE(open_beneath(folder_ / "music", folder_ / "music/folder/diary.ogg", GetParam()));
  EXPECT_FALSE(open_beneath(folder_ / "music", folder_ / "music/../secret/diary.ogg", GetParam()));
  EXPECT_FALSE(open_beneath(folder_ / "music", folder_ / "secret/diary.ogg", GetParam()));
}

// Somebody swaps a folder for a link and back, as fast as they can.
TEST_P(Beneath, NeverLeavesTheFolderWhileItIsSwapped) {
  const fs::path inside = folder_ / "music/deep";
  folder_.write("secret/a.ogg", "dear diary");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    std::error_code ignored;
    while (!stop) {
      fs::rename(inside, folder_ / "music/away", ignored);
      fs::create_directory_symlink(folder_ / "secret", inside, ignored);
      fs::remove(inside, ignored);
      fs::rename(folder_ / "music/away", inside, ignored);
    }
  });
  int opened = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto file = open_beneath(folder_ / "music", inside / "a.ogg", GetParam());
    if (!file) continue;
    ++opened;
    char first = 0;
    ASSERT_EQ(::pread(file->number(), &first, 1, 0), 1);
    ASSERT_EQ(first, 'a') << "left the folder in round " << round;
  }
  stop = true;
  swapper.join();
  EXPECT_GT(opened, 0);
}

INSTANTIATE_TEST_SUITE_P(BothWays, Beneath, testing::Values(Resolve::kByKernel, Resolve::kStepByStep));

}  // namespace
}  // namespace earshot::node
