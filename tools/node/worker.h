// One thread that does slow things one after another: hashing shared files, importing rows.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace earshot::node {

/// Thread-safe. Jobs run in the order in which they came; one that still waits when the worker goes is dropped.
class Worker {
 public:
  /// A job looks at `stopping` now and then and gives up when it is set.
  using Job = std::function<void(const std::atomic<bool>& stopping)>;

  /// Jobs that wait. A person starts them, so more than these is a script gone wild: refused.
  static constexpr std::size_t kMaxWaiting = 64;

  Worker();
  ~Worker();

  /// False when too many wait already.
  [[nodiscard]] bool post(Job job);

  /// A job runs or waits.
  bool busy() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;  // guarded by mutex_
  bool running_ = false;     // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

/// The way to a worker for those who may outlive it: once closed, nothing more is taken. Thread-safe; never blocks for long.
class WorkerDoor {
 public:
  explicit WorkerDoor(Worker& worker) : worker_(&worker) {}

  [[nodiscard]] bool post(Worker::Job job) {
    const std::lock_guard lock(mutex_);
    return worker_ != nullptr && worker_->post(std::move(job));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    worker_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Worker* worker_;  // guarded by mutex_
};

}  // namespace earshot::node
