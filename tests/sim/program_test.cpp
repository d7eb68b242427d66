// earshot-sim as people run it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "tests/sim/program.h"

namespace earshot::sim {
namespace {

const std::string kFlood = EARSHOT_SOURCE_DIR "/sim/scenarios/flood.toml";

std::string run_csv(const std::string& folder, const std::string& flags) {
  const auto path = std::filesystem::temp_directory_path() / ("earshot_sim_program_" + folder);
  const Ended ended = earshot_sim("run " + kFlood + " --nodes 1000 --seeds 1..2 --out " + path.string() + flags);
  if (ended.code != 0) return ended.output;
  std::ifstream file(path / "runs.csv", std::ios::binary);
  std::stringstream csv;
  csv << file.rdbuf();
  std::filesystem::remove_all(path);
  return csv.str();
}

TEST(Program, WritesTheSameCsvTwice) {
  const std::string csv = run_csv("a", "");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);  // header, two seeds, flood and walk
  EXPECT_EQ(csv, run_csv("b", ""));
  EXPECT_EQ(csv, run_csv("c", " --threads 2"));
  EXPECT_EQ(csv, run_csv("d", " --through-the-wire"));
}

TEST(Program, PrintsATableOrJson) {
  const Ended table = earshot_sim("run " + kFlood + " --nodes 500 --set questions.count=3");
  EXPECT_EQ(table.code, 0) << table.output;
  EXPECT_NE(table.output.find("success %"), std::string::npos);
  const Ended json = earshot_sim("run " + kFlood + " --nodes 500 --set questions.count=3 --json");
  EXPECT_EQ(json.code, 0);
  EXPECT_TRUE(json.output.starts_with("{\"scenario\":\"flood\",\"search\":\"flood\",")) << json.output;
}

TEST(Program, SaysItsVersion) {
  const Ended ended = earshot_sim("version");
  EXPECT_EQ(ended.code, 0);
  EXPECT_TRUE(ended.output.starts_with("earshot-sim 0.")) << ended.output;
}

TEST(Program, EndsWithTwoAndSaysWhyWhenSomethingIsWrong) {
  for (const auto& [arguments, told] : {
           std::pair<std::string, std::string>{"", "subcommand"},
           {"run", "scenario is required"},
           {"run /no/such.toml", "earshot-sim: cannot open '/no/such.toml'"},
           {"run " + kFlood + " --seeds 3..1", "earshot-sim: seeds '3..1': a range goes up"},
           {"run " + kFlood + " --set network.loss=7", "earshot-sim: --set network.loss=7: network.loss: 7 is not in 0..1"},
           {"run " + kFlood + " --set loss", "earshot-sim: --set loss: write key=value"},
           {"run " + kFlood + " --nodes 1", "population.peers: 1 is not in 2..100000000"},
           {"run " + kFlood + " --threads 0", "--threads"},
           {"run " + kFlood + " --nodes 500 --out /proc/nowhere", "earshot-sim: cannot make the folder '/proc/nowhere'"},
           {"fly", "subcommand"},
       }) {
    const Ended ended = earshot_sim(arguments);
    EXPECT_EQ(ended.code, 2) << arguments << "\n" << ended.output;
    EXPECT_NE(ended.output.find(told), std::string::npos) << arguments << "\n" << ended.output;
  }
}

}  // namespace
}  // namespace earshot::sim
