// Where words go: data on stdout, everything else on stderr, and nothing but JSON on stdout with --json.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "schema/result.h"
#include "tools/cli/console_style.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/render.h"

namespace earshot::cli {

class Console {
 public:
  explicit Console(bool json, ConsoleStyle style = {});

  bool json() const { return json_; }
  Colour colour() const { return colour_; }
  std::size_t width() const { return width_; }

  /// One line of data. A reader that closed the pipe has seen enough: the program ends with 0.
  void data(std::string_view line);

  /// One line for the person.
  void note(std::string_view line);

  /// A line that the next one replaces, on a terminal only, and not where a person chose another way of progress.
  void passing(std::string_view line);

  /// How far something has come: the node's own object, and the same for people.
  void progress(std::string_view object, std::string_view text);

  /// Says what went wrong (with --json on stdout too) and how the program ends.
  ExitCode failed(const Error& error);
  ExitCode failed(const Error& error, ExitCode code);

 private:
  using Clock = std::chrono::steady_clock;

  bool json_;
  ProgressChoice progress_choice_;
  bool redraws_;  // stderr is a terminal, and passing lines are wanted
  Colour colour_;
  std::size_t width_ = 100;  // of stdout, in cells
  std::size_t passing_ = 0;  // cells of the line to be replaced
  Clock::time_point next_plain_{};
};

}  // namespace earshot::cli
