// Batches of tracks on their way from the thread that reads a table to the one that takes them (index/import.h). Their
// memory goes back, so that rows are read into tracks that are there already.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "schema/result.h"
#include "schema/track.h"

namespace earshot::index {

/// Thread-safe.
class Batches {
 public:
  struct Batch {
    std::vector<Track> tracks;
    std::size_t size = 0;  // of those, the ones that were read
    std::optional<Error> error;
    bool is_last = false;
  };

  /// False: nobody takes any more.
  bool put(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return full_.size() < kMost || is_stopped_; });
    full_.push_back(std::move(batch));
    changed_.notify_all();
    return !is_stopped_;
  }

  Batch take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !full_.empty(); });
    Batch batch = std::move(full_.front());
    full_.pop_front();
    changed_.notify_all();
    return batch;
  }

  void give_back(std::vector<Track> tracks) {
    const std::lock_guard lock(mutex_);
    empty_.push_back(std::move(tracks));
  }

  std::vector<Track> empty() {
    const std::lock_guard lock(mutex_);
    if (empty_.empty()) return {};
    std::vector<Track> tracks = std::move(empty_.back());
    empty_.pop_back();
    return tracks;
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t kMost = 4;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> full_;                 // guarded by mutex_, as is what follows
  std::vector<std::vector<Track>> empty_;  // as many as were ever under way: kMost + 2
  bool is_stopped_ = false;
};

}  // namespace earshot::index
