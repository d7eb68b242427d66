// Where words go: data on stdout, everything else on stderr, and nothing but JSON on stdout with --json.
#pragma once

#include <cstdint>
#include <string_view>

#include "schema/result.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/render.h"

namespace earshot::cli {

class Console {
 public:
  explicit Console(bool json);

  bool json() const { return json_; }
  Colour colour() const { return colour_; }
  std::size_t width() const { return width_; }

  /// One line of data. A reader that closed the pipe has seen enough: the program ends with 0.
  void data(std::string_view line);

  /// One line for the person.
  void note(std::string_view line);

  /// A line that the next one replaces, on a terminal only.
  void passing(std::string_view line);

  /// Says what went wrong (with --json on stdout too) and how the program ends.
  ExitCode failed(const Error& error);
  ExitCode failed(const Error& error, ExitCode code);

 private:
  bool json_;
  bool terminal_;  // stderr is one
  Colour colour_;
  std::size_t width_ = 100;  // of stdout, in cells
  std::size_t passing_ = 0;  // cells of the line to be replaced
};

}  // namespace earshot::cli
