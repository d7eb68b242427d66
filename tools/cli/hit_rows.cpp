// Gathering holders into rows.
#include "tools/cli/hit_rows.h"

namespace earshot::cli {

void HitRows::add(std::string_view line, Clock::time_point now) {
  const HitLine hit = hit_from(line);
  if (const auto known = row_of_.find(hit.content); known != row_of_.end()) {
    lines_[known->second] = line;
    return;
  }
  if (full()) return;
  row_of_.emplace(hit.content, lines_.size());
  lines_.emplace_back(line);
  arrived_.push_back(now);
}

void HitRows::show_ripe(Clock::time_point now, bool last) {
  while (shown_ < lines_.size() && (last || now - arrived_[shown_] >= kWait)) {
    const HitLine hit = hit_from(lines_[shown_]);
    ++shown_;
    show_(shown_, hit);
  }
}

}  // namespace earshot::cli
