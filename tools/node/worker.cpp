// The thread for slow things.
#include "tools/node/worker.h"

#include <utility>

namespace earshot::node {

Worker::Worker() : thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  thread_.join();
}

bool Worker::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting || stopping_) return false;
    waiting_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

bool Worker::busy() const {
  const std::lock_guard lock(mutex_);
  return running_ || !waiting_.empty();
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = true;
    lock.unlock();
    job(stopping_);
    lock.lock();
    running_ = false;
  }
}

}  // namespace earshot::node
