// Notices that something in a shared folder changed, and says which share to look at again. By inotify(7), one watch a folder.
// Not for: what changed. A scan finds out, and costs little for files that are as they were.
//
// 1. Changes that come together are told once: when nothing has happened for kQuiet, or after kPatience of unrest.
// 2. When the kernel has dropped events, or has no watch left for a folder, every share is looked at again, in the latter case
//    every kPeriod from then on, since changes there are not seen.
// 3. Symbolic links are not followed, names that start with a dot are left alone, as in a scan.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "schema/result.h"
#include "tools/node/beneath.h"

namespace earshot::node {

class FolderWatch {
 public:
  struct Times {
    std::chrono::milliseconds quiet{2'000};
    std::chrono::milliseconds patience{30'000};
    std::chrono::milliseconds period{600'000};
  };

  /// Called from a thread of this object's own, with a path given to follow().
  using OnChange = std::function<void(const std::filesystem::path& share)>;

  /// Errors: kExhausted (no inotify instance left).
  static Result<std::unique_ptr<FolderWatch>> start(OnChange on_change, const Times& times);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// Watches a share from now on; again and again does no harm. Folders that appear in it are followed by themselves.
  void follow(const std::filesystem::path& share);

  /// Nothing is told any more. follow() may be called still, in vain.
  void stop();

  /// False: some folder is not watched, its share is looked at every period instead.
  bool is_complete() const { return is_complete_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    std::filesystem::path share;
    std::filesystem::path folder;
  };
  struct Unrest {
    Clock::time_point first;
    Clock::time_point last;
  };

  FolderWatch(OpenFile inotify, OpenFile wake, OnChange on_change, const Times& times);
  void run();
  void read_events();
  void take_event(int watch, std::uint32_t mask, const std::string& name);
  void watch_tree(const std::filesystem::path& share, const std::filesystem::path& folder, unsigned depth);
  void disturb(const std::filesystem::path& share);
  std::set<std::filesystem::path> due(Clock::time_point now);
  int wait_ms(Clock::time_point now);

  const OpenFile inotify_;
  const OpenFile wake_;  // an eventfd
  const OnChange on_change_;
  const Times times_;
  std::atomic<bool> is_complete_ = true;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::set<std::filesystem::path> shares_;          // guarded by mutex_
  std::map<int, Watched> watched_;                  // guarded by mutex_; by inotify's number
  std::map<std::filesystem::path, Unrest> unrest_;  // guarded by mutex_; by share
  Clock::time_point next_round_;                    // guarded by mutex_; of looking at all of them
  std::thread thread_;                              // last: it uses all of the above
};

}  // namespace earshot::node
