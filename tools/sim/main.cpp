// earshot-sim: runs scenarios of the simulator and says what they came to. The table of its commands, and how they are called.
// Exit codes: 0 done, 1 done and the answer is no, 2 wrong usage, scenario or file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tools/sim/command.h"

namespace {

using namespace earshot;
using namespace earshot::simtool;

/// Arguments of a command, as CLI11 wants them.
class ParsedArguments final : public Arguments {
 public:
  explicit ParsedArguments(CLI::App& app) : app_(app) {}

  void required(const char* name, std::string& value, const char* meaning) override {
    app_.add_option(name, value, meaning)->required();
  }
  void required(const char* name, std::vector<std::string>& values, const char* meaning) override {
    app_.add_option(name, values, meaning)->required();
  }
  void optional(const char* name, std::string& value, const char* meaning) override {
    app_.add_option(name, value, meaning)->capture_default_str();
  }
  void optional(const char* name, std::optional<std::uint32_t>& value, const char* meaning) override {
    app_.add_option(name, value, meaning);
  }
  void number(const char* name, std::uint32_t& value, std::uint32_t least, std::uint32_t most, const char* meaning) override {
    app_.add_option(name, value, meaning)->check(CLI::Range(least, most))->capture_default_str();
  }
  void decimal(const char* name, double& value, double least, double most, const char* meaning) override {
    app_.add_option(name, value, meaning)->check(CLI::Range(least, most))->capture_default_str();
  }
  void repeated(const char* name, std::vector<std::string>& values, const char* meaning) override {
    app_.add_option(name, values, meaning)->allow_extra_args(false);
  }
  void yes(const char* name, bool& value, const char* meaning) override { app_.add_flag(name, value, meaning); }

 private:
  CLI::App& app_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("earshot-sim: what would a million peers do?\n"
               "Drives the protocol's real code in simulated time; the same seed gives the same run everywhere.");
  app.require_subcommand(1);
  CLI::App* version = app.add_subcommand("version", "Print the version");
  const std::vector<Command> commands = {
      run_command(),
      sweep_command(),
      merge_command(),
      report_command(),
      compare_command(),
      replay_command(),
      calibrate_command(),
      bench_command(),
      soak_command(),
  };
  std::vector<CLI::App*> parsers;
  for (const Command& command : commands) {
    parsers.push_back(app.add_subcommand(command.name, command.meaning));
    ParsedArguments arguments(*parsers.back());
    command.declare(arguments);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrong;
  }
  if (version->parsed()) {
    fmt::print("earshot-sim {}\n", EARSHOT_VERSION);
    return kDone;
  }
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!parsers[i]->parsed()) continue;
    const Result<int> code = commands[i].run();
    if (code) return *code;
    fmt::print(stderr, "earshot-sim: {}\n", code.error().what);
  }
  return kWrong;
}
