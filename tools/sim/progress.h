// How far a long piece of work is, on stderr: a line that rewrites itself on a terminal, a line every half minute in a log, and none of what is
// quickly done.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace earshot::simtool {

class Progress {
 public:
  /// `done` of what is wanted was there before we began: it says nothing about our pace.
  explicit Progress(std::size_t done);
  /// Ends the line.
  ~Progress();

  /// "12 of 50 runs, 24 %, 1 min 10 s, about 3 min 40 s to go".
  void show(std::size_t done, std::size_t wanted);

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;
  bool shown_ = false;
  std::size_t before_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point last_ = began_;
};

/// "1 h 5 min", "3 min 40 s", "12 s".
std::string spoken(std::chrono::seconds time);

}  // namespace earshot::simtool
