// A sweep, and one run, over the ranks of an MPI job are what they are in one process. Only where earshot-sim was built with MPI.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "tests/sim/program.h"
#include "tests/temporary_folder.h"

namespace earshot::sim {
namespace {

namespace fs = std::filesystem;

const std::string kSmall = EARSHOT_SOURCE_DIR "/sim/scenarios/ttl_replication.toml --nodes 300 --seeds 1..3 --set questions.count=10 "
                           "--set catalog.items=20 --set search.ttl=2,3 ";

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// As many ranks as asked for on however small a machine, also for root, as whom continuous integration runs.
Ended ranks(int count, const std::string& arguments) {
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  ::setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
  return run_command("mpirun -n " + std::to_string(count) + " " EARSHOT_BINARY_DIR "/bin/earshot-sim " + arguments);
}

TEST(Ranks, LeaveTheSameBytesAsOneProcess) {
  const TemporaryFolder folder;
  const Ended alone = earshot_sim("sweep " + kSmall + "--threads 1 --out " + (folder / "1").string());
  ASSERT_EQ(alone.code, 0) << alone.output;
  for (const int count : {2, 4}) {
    const fs::path out = folder / std::to_string(count);
    const Ended ended = ranks(count, "sweep " + kSmall + "--threads 1 --out " + out.string());
    ASSERT_EQ(ended.code, 0) << ended.output;
    for (const char* name : {"runs.csv", "series.csv", "histograms.csv", "manifest.json"}) {
      EXPECT_EQ(contents(folder / "1" / name), contents(out / name)) << name << " of " << count << " ranks";
    }
  }
}

/// Everything that can cross, and peers that come and go.
TEST(Ranks, ShareOneRunWithTheSameResult) {
  const TemporaryFolder folder;
  std::ofstream(folder / "run.toml") << R"(version = 1
name = "shared"
population.peers = 120
catalog = {items = 20, copies = 5}
topology = {kind = "membership", join_interval_us = 20000, settle_s = 20}
questions = {count = 8, interval_ms = 300, time_s = 5}
digests = {publish = "all", bytes = 200}
network = {loss = 0.02}
churn = {session = {law = "exponential", median_s = 60}, library = "new", away = {law = "constant", median_s = 3}}
probe = {every_ms = 5000}
search = [{strategy = "flood", ttl = 4}, {strategy = "bubble"}]
)";
  const std::string run = "run " + (folder / "run.toml").string() + " --json ";
  // All but what memory and time it took.
  const auto result_of = [](const Ended& ended) {
    EXPECT_EQ(ended.code, 0) << ended.output;
    static const std::regex kOfTheMachine("\"(bytes_per_peer|flight_bytes|setup_cpu_ms|run_cpu_ms|msgs_per_cpu_s)\":[0-9.]+");
    return std::regex_replace(ended.output, kOfTheMachine, "");
  };
  const std::string alone = result_of(earshot_sim(run));
  EXPECT_NE(alone.find("\"strategy\":\"bubble\""), std::string::npos);
  for (const int count : {1, 2, 4}) {
    const fs::path out = folder / std::to_string(count);
    EXPECT_EQ(result_of(ranks(count, run + "--partition --out " + out.string())), alone) << count << " ranks";
    EXPECT_EQ(contents(out / "series.csv"), contents(folder / "1" / "series.csv")) << count << " ranks";
  }
}

TEST(Ranks, EndTogetherWhenOneCannotGoOn) {
  const TemporaryFolder folder;
  const Ended ended = ranks(3, "sweep " + kSmall + "--set catalog.copies=5,1000 --out " + folder.path().string());
  EXPECT_NE(ended.code, 0);
  EXPECT_NE(ended.output.find("1000 copies of an item among 300 peers"), std::string::npos) << ended.output;
}

}  // namespace
}  // namespace earshot::sim
