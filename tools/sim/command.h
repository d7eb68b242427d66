// A command of earshot-sim: its name, what it takes, what it does. One file each; main.cpp has the table of them and is the only one
// that knows the library that parses command lines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "schema/result.h"

namespace earshot::simtool {

/// What a command says of each argument that it takes. "name" is a position, "--name" a flag. Values must outlive the parsing.
class Arguments {
 public:
  virtual ~Arguments() = default;
  virtual void required(const char* name, std::string& value, const char* meaning) = 0;
  /// One or more, in that position.
  virtual void required(const char* name, std::vector<std::string>& values, const char* meaning) = 0;
  virtual void optional(const char* name, std::string& value, const char* meaning) = 0;
  virtual void optional(const char* name, std::optional<std::uint32_t>& value, const char* meaning) = 0;
  virtual void number(const char* name, std::uint32_t& value, std::uint32_t least, std::uint32_t most, const char* meaning) = 0;
  virtual void decimal(const char* name, double& value, double least, double most, const char* meaning) = 0;
  /// May be given more than once.
  virtual void repeated(const char* name, std::vector<std::string>& values, const char* meaning) = 0;
  virtual void yes(const char* name, bool& value, const char* meaning) = 0;
};

// Exit codes, of every command.
inline constexpr int kDone = 0;
inline constexpr int kNotGood = 1;  // what was asked for was done, and the answer is no: a regression, a broken invariant
inline constexpr int kWrong = 2;    // usage, scenario or file

struct Command {
  const char* name;
  const char* meaning;
  std::function<void(Arguments&)> declare;
  /// The exit code; an error ends with kWrong and its text.
  std::function<Result<int>()> run;
};

Command bench_command();
Command calibrate_command();
Command compare_command();
Command merge_command();
Command replay_command();
Command report_command();
Command run_command();
Command soak_command();
Command sweep_command();

}  // namespace earshot::simtool
