// The rows of one search as a person sees them: a content appears once, a moment after its first holder, so that the
// holders that answer together are counted together; rows never move once they are shown.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/replies.h"

namespace earshot::cli {

class HitRows {
 public:
  using Clock = std::chrono::steady_clock;
  /// How long a row waits for more holders before it is shown.
  static constexpr std::chrono::milliseconds kWait{150};

  using Show = std::function<void(std::size_t number, const HitLine& hit)>;

  HitRows(std::size_t most, Show show) : most_(most), show_(std::move(show)) {}

  /// A line of type "hit": a new content, or more holders of a known one. Beyond `most` contents it is left out.
  void add(std::string_view line, Clock::time_point now);

  /// Shows what has waited long enough; all of it when `last`.
  void show_ripe(Clock::time_point now, bool last);

  bool full() const { return lines_.size() >= most_; }
  std::size_t size() const { return lines_.size(); }

  /// The newest line of each content, in the order shown.
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::size_t most_;
  Show show_;
  std::map<std::string, std::size_t, std::less<>> row_of_;  // content -> index into lines_ and arrived_
  std::vector<std::string> lines_;
  std::vector<Clock::time_point> arrived_;
  std::size_t shown_ = 0;
};

}  // namespace earshot::cli
