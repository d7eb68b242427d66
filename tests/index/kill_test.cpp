// Kills a process that writes, at any point of opening, adding, sealing and merging: nothing acknowledged is lost, and what
// was under way is there whole or not at all. EARSHOT_KILLS says how often, EARSHOT_SEED draws everything.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "index/index.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"
#include "tests/index/story.h"

namespace earshot::index {
namespace {

// A process that performs the story from step `first` on and writes a byte after each step.
class Writer {
 public:
  Writer(const std::filesystem::path& folder, std::uint64_t seed, std::uint32_t first) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const std::string program = std::string(EARSHOT_BINARY_DIR) + "/bin/index_acknowledging_writer";
    const std::string seed_text = std::to_string(seed);
    const std::string number = std::to_string(first);
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(program.c_str(), program.c_str(), folder.c_str(), seed_text.c_str(), number.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    acknowledgements_ = ends[0];
  }

  // Kills it that long after `wanted` acknowledgements; the number of all that came out.
  std::uint32_t kill_after(std::uint32_t wanted, std::chrono::microseconds later) {
    std::uint32_t count = 0;
    char byte = 0;
    while (count < wanted && read(acknowledgements_, &byte, 1) == 1) ++count;
    const auto until = std::chrono::steady_clock::now() + later;
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(process_, SIGKILL);
    while (read(acknowledgements_, &byte, 1) == 1) ++count;
    close(acknowledgements_);
    int status = 0;
    waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself, with " << WEXITSTATUS(status);
    return count;
  }

 private:
  pid_t process_ = -1;
  int acknowledgements_ = -1;
};

TEST(Kills, LoseNothingAcknowledgedAndLeaveNothingHalf) {
  const std::uint32_t kills = rounds("EARSHOT_KILLS", 300);
  const std::uint64_t seed = rig_seed(7);
  SCOPED_TRACE("EARSHOT_SEED=" + std::to_string(seed));
  Random random = Random::stream(seed, 1, 1);
  const TemporaryFolder folder(rig_parent());
  Expected expected(seed);
  std::uint64_t acknowledged = 0;
  std::uint32_t whole = 0;  // kills after which the step under way was there
  std::uint32_t early = 0;  // before the first acknowledgement: while it opened
  for (std::uint32_t cycle = 0; cycle < kills; ++cycle) {
    const auto later = std::chrono::microseconds(random.below(random.chance(1, 8) ? 12'000 : 1'500));
    const std::uint32_t count = Writer(folder.path(), seed, expected.steps())
                                    .kill_after(static_cast<std::uint32_t>(random.below(12)), later);
    acknowledged += count;
    early += count == 0 ? 1 : 0;
    expected.advance_to(expected.steps() + count);
    const auto index = Index::open(folder.path(), {.sync = true, .cache_bytes = 8u << 20, .live_tracks = 25});
    ASSERT_TRUE(index) << "kill " << cycle << ": " << index.error().what;
    std::string difference = expected.difference(**index);
    if (!difference.empty()) {
      expected.advance();
      ++whole;
      difference = expected.difference(**index);
    }
    ASSERT_EQ(difference, "") << "kill " << cycle;
  }
  std::printf("%u kills, %u of them while it opened, %llu changes acknowledged, 0 lost; the one under way was there %u times\n",
              kills, early, static_cast<unsigned long long>(acknowledged), whole);
  EXPECT_GT(acknowledged, kills);
}

}  // namespace
}  // namespace earshot::index
