// Two threads and two queues.
#include "tools/node/lookup_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace earshot::node {

using Clock = std::chrono::steady_clock;

void LookupTimes::add(std::int64_t us) {
  const auto bound = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), us);
  ++counts[static_cast<std::size_t>(bound - kBoundsUs.begin())];
  total_us += static_cast<std::uint64_t>(us);
}

LookupWorker::LookupWorker(const index::Index& index, const DigestHost* digests, std::function<void()> on_finished)
    : index_(index), digests_(digests), on_finished_(std::move(on_finished)) {
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
}

LookupWorker::~LookupWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool LookupWorker::submit(const overlay::Lookup& lookup, Asker asker) {
  {
    const std::lock_guard lock(mutex_);
    if (asker == Asker::kOurselves) {
      ours_.push_back(lookup);
    } else if (strangers_.push(lookup.from, lookup)) {
      return false;
    }
  }
  work_.notify_one();
  return true;
}

std::vector<LookupWorker::Finished> LookupWorker::take_finished() {
  const std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

LookupTimes LookupWorker::times() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

void LookupWorker::run() {
  for (;;) {
    overlay::Lookup lookup;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopping_ || !ours_.empty() || !strangers_.empty(); });
      if (stopping_) return;
      if (ours_.empty()) {
        lookup = strangers_.pop();
      } else {
        lookup = std::move(ours_.front());
        ours_.pop_front();
      }
    }
    const auto began = Clock::now();
    Finished finished = look_up(std::move(lookup));
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
    {
      const std::lock_guard lock(mutex_);
      times_.add(took.count());
      finished_.push_back(std::move(finished));
    }
    on_finished_();
  }
}

LookupWorker::Finished LookupWorker::look_up(overlay::Lookup lookup) const {
  Finished finished;
  finished.lookup = std::move(lookup);
  const SearchRequest& request = *finished.lookup.request;
  if (finished.lookup.hosted && digests_ != nullptr) finished.met = digests_->meet(request);
  auto answer = index_.search(request.text, {request.limit, kBudget});
  if (answer) {
    finished.tracks = std::move(answer->tracks);
  } else if (answer.error().code != ErrorCode::kInvalid) {  // words that are none match nothing
    finished.failed = true;
    finished.why = std::move(answer.error().what);
  }
  return finished;
}

}  // namespace earshot::node
