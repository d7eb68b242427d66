// The demo end to end: processes, network, verification, and nothing left behind.
#include <gmock/gmock.h>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"
#include "tools/cli/replies.h"
#include "tools/cli/tones.h"

namespace earshot::cli {
namespace {

namespace fs = std::filesystem;
using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(text.substr(at, end - at));
  return lines;
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class DemoTest : public testing::Test {
 protected:
  DemoTest() {
    fs::create_directories(tunes_);
    EXPECT_TRUE(write_tones(tunes_));
  }

  Ended demo(std::vector<std::string> more) {
    std::vector<std::string> words = {"demo", "--music", tunes_.string(), "--out", (folder_ / "got").string()};
    words.insert(words.end(), more.begin(), more.end());
    return program_.run(std::move(words));
  }

  TemporaryFolder folder_;
  fs::path tunes_ = folder_ / "tunes";
  TemporaryFolder temporary_;
  Program program_{{"TMPDIR=" + temporary_.path().string()}};
};

TEST_F(DemoTest, SixNodesFindAndVerifyATrackAndLeaveNothing) {
  const Ended ended = demo({"--nodes", "6", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err << ended.out;
  const auto lines = lines_of(ended.out);
  EXPECT_THAT(lines, Each(StartsWith(R"({"v":1,"type":")")));
  EXPECT_THAT(ended.out, HasSubstr(R"("type":"hit")"));
  EXPECT_THAT(ended.out, HasSubstr(R"("event":"cost","messages":)"));
  EXPECT_THAT(ended.out, HasSubstr(R"("event":"wish","node":1,"holder":6,)")) << "answered when its holder came";
  EXPECT_THAT(ended.out, testing::ContainsRegex("\"event\":\"rare\",\"strategy\":\"auto\",\"asked\":3,\"found\":3,"));
  EXPECT_THAT(lines.back(), EndsWith(R"("verified": true})"));
  const DoneLine done = done_from(lines.back());
  ASSERT_TRUE(fs::exists(done.file)) << done.file;
  EXPECT_EQ(fs::file_size(done.file), done.bytes);
  EXPECT_EQ(entries(temporary_.path()), 0u);
}

TEST_F(DemoTest, AThirdOfTheNodesMayDie) {
  const Ended ended = demo({"--nodes", "9", "--kill", "3", "--seed", "7"});
  ASSERT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("3 of 9 nodes killed"));
  EXPECT_THAT(ended.out, HasSubstr("verified: ppspp:"));
  EXPECT_EQ(entries(temporary_.path()), 0u);
}

TEST_F(DemoTest, AnInterruptLeavesNothingEither) {
  const pid_t pid = program_.start({"demo", "--music", tunes_.string(), "--nodes", "12"});
  while (fs::is_empty(temporary_.path())) ::usleep(10'000);
  ::usleep(300'000);
  ::kill(pid, SIGINT);
  EXPECT_EQ(program_.ended(pid).code, 130);
  EXPECT_EQ(entries(temporary_.path()), 0u);
}

TEST_F(DemoTest, KillingEverybodyIsRefused) {
  EXPECT_EQ(demo({"--nodes", "6", "--kill", "6"}).code, 2);
}

}  // namespace
}  // namespace earshot::cli
