// Pace and patience.
#include "tools/sim/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace earshot::simtool {

using namespace std::chrono_literals;

namespace {
constexpr std::chrono::milliseconds kOnTerminal = 200ms;
constexpr std::chrono::milliseconds kInLog = 30s;
}  // namespace

Progress::Progress(std::size_t done) : terminal_(::isatty(STDERR_FILENO) != 0), before_(done) {}

Progress::~Progress() {
  if (shown_ && terminal_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(std::size_t done, std::size_t wanted) {
  const Clock::time_point now = Clock::now();
  const bool is_end = done == wanted && shown_;
  if (now - last_ < (terminal_ ? kOnTerminal : kInLog) && !is_end) return;
  last_ = now;
  shown_ = true;
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
  std::string line = fmt::format("{} of {} runs, {} %, {}", done, wanted, wanted == 0 ? 100 : done * 100 / wanted, spoken(elapsed));
  if (done > before_ && done < wanted) {
    const auto left = (now - began_) * static_cast<std::int64_t>(wanted - done) / static_cast<std::int64_t>(done - before_);
    line += fmt::format(", about {} to go", spoken(std::chrono::duration_cast<std::chrono::seconds>(left)));
  }
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
}

std::string spoken(std::chrono::seconds time) {
  const auto seconds = time.count();
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} s", seconds);
}

}  // namespace earshot::simtool
