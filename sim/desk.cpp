// Pairs out, rows in, and when a point has enough of them.
#include "sim/desk.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "sim/statistics.h"

namespace earshot::sim {

namespace {

/// How many cells stand behind the one of this column in a row of runs.csv. Only the cells of swept keys, which come first, may be
/// quoted, so counting from the end is safe.
std::size_t cells_behind(std::string_view column) {
  const auto row = row_of("", RunRecord{});
  const auto found = std::find_if(row.begin(), row.end(), [&](const Cell& cell) { return cell.column == column; });
  return static_cast<std::size_t>(row.end() - found) - 1;
}

std::string_view cell_from_end(std::string_view row, std::size_t behind) {
  std::size_t end = row.size();
  for (; behind > 0; --behind) end = row.rfind(',', end - 1);
  const std::size_t comma = row.substr(0, end).rfind(',');
  return row.substr(comma + 1, end - comma - 1);
}

}  // namespace

Desk::Desk(const Study& study, Chunk chunk, Keep keep)
    : study_(study), chunk_(chunk), keep_(std::move(keep)), last_seed_(study.points.size(), study.seeds.last),
      next_{0, study.seeds.first} {}

void Desk::recall(const Pair& pair, PairRows rows) {
  const std::lock_guard lock(mutex_);
  if (pair.point < study_.points.size()) add(pair, std::move(rows));
}

std::optional<Pair> Desk::next() {
  const std::lock_guard lock(mutex_);
  while (!error_ && next_.seed <= study_.seeds.last) {
    const Pair pair = next_;
    if (++next_.point == study_.points.size()) next_ = {0, next_.seed + 1};
    if (is_ours(pair) && pair.seed <= last_seed_[pair.point] && !rows_.contains(pair)) return pair;
  }
  return std::nullopt;
}

void Desk::finish(const Pair& pair, Result<PairRows> rows) {
  const std::lock_guard lock(mutex_);
  if (error_) return;
  if (!rows) {
    error_ = std::move(rows.error());
    return;
  }
  add(pair, std::move(*rows));
  if (auto kept = keep_(pair, rows_.at(pair)); !kept) error_ = std::move(kept.error());
}

Desk::Progress Desk::progress() const {
  Progress progress;
  for (std::uint32_t point = 0; point < last_seed_.size(); ++point) {
    for (std::uint64_t seed = study_.seeds.first; seed <= last_seed_[point]; ++seed) {
      if (!is_ours({point, seed})) continue;
      ++progress.wanted;
      progress.done += rows_.contains({point, seed}) ? 1 : 0;
    }
  }
  return progress;
}

Result<void> Desk::outcome() const {
  const std::lock_guard lock(mutex_);
  if (error_) return tl::unexpected(*error_);
  return {};
}

StudyTables Desk::tables() const {
  const std::lock_guard lock(mutex_);
  StudyTables tables = headers(study_);
  for (const auto& [pair, rows] : rows_) {
    if (pair.seed >= study_.seeds.first && pair.seed <= last_seed_[pair.point]) append(tables, rows);
  }
  return tables;
}

bool Desk::is_ours(const Pair& pair) const {
  const std::uint64_t number = study_.until ? pair.point : (pair.seed - study_.seeds.first) * study_.points.size() + pair.point;
  return number % chunk_.of == chunk_.index;
}

void Desk::add(const Pair& pair, PairRows rows) {
  rows_.try_emplace(pair, std::move(rows));
  if (study_.until) judge(pair.point);
}

/// Finds the first seed after which every search of the point has a narrow enough interval.
void Desk::judge(std::uint32_t point) {
  const std::size_t behind = cells_behind(study_.until->column);
  std::vector<std::vector<double>> values;  // of each search
  for (std::uint64_t seed = study_.seeds.first; seed <= study_.seeds.last; ++seed) {
    const auto found = rows_.find({point, seed});
    if (found == rows_.end()) return;
    const std::vector<std::string>& runs = found->second.runs;
    values.resize(runs.size());
    bool narrow = true;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      values[i].push_back(std::strtod(std::string(cell_from_end(runs[i], behind)).c_str(), nullptr));
      narrow = narrow && values[i].size() >= StopRule::kLeastSeeds && mean_interval(values[i]).half_width < study_.until->below;
    }
    if (narrow) {
      last_seed_[point] = seed;
      return;
    }
  }
}

Result<void> run_study(const Study& study, Desk& desk, unsigned threads, bool through_the_wire) {
  const auto work = [&] {
    while (const auto pair = desk.next()) desk.finish(*pair, run_pair(study, *pair, through_the_wire));
  };
  if (threads <= 1) {
    work();
  } else {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  return desk.outcome();
}

}  // namespace earshot::sim
