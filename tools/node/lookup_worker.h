// Look-ups off the reactor: RocksDB takes its time, the protocol does not wait for it.
//
//  1. Two threads, one queue for our own questions and one for strangers'; ours are taken first.
//  2. Every look-up has a budget of time of its own; what was found by then is the answer.
//  3. Strangers' look-ups are worked on in turns of the links that they came on; beyond kMaxWaiting those of the link that has most
//     are dropped and counted: 128 x 50 ms over two threads is 3.2 s of work, and whoever asked has not waited longer than
//     that for anyone. Ours wait their turn; there are at most limits::kMaxOpenQueries of them.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "index/index.h"
#include "overlay/effect.h"
#include "overlay/fairness/fair_queue.h"
#include "schema/time.h"
#include "tools/node/digest_host.h"

namespace earshot::node {

/// How long look-ups took: counts by upper bound, the last one for all that were slower.
struct LookupTimes {
  static constexpr std::array<std::int64_t, 10> kBoundsUs = {50,     100,    250,    500,     1'000,
                                                             2'500,  5'000,  10'000, 25'000,  50'000};
  std::array<std::uint64_t, kBoundsUs.size() + 1> counts{};
  std::uint64_t total_us = 0;

  void add(std::int64_t us);
};

class LookupWorker {
 public:
  static constexpr std::size_t kThreads = 2;
  static constexpr std::size_t kMaxWaiting = 128;
  static constexpr Duration kBudget = 50ms;

  enum class Asker : std::uint8_t { kOurselves, kStranger };

  struct Finished {
    overlay::Lookup lookup;
    DigestHost::Met met;  // empty unless the look-up asks for it
    std::vector<index::Found> tracks;
    bool failed = false;  // the index could not answer; `why` says it
    std::string why;
  };

  /// `on_finished` is called on a worker thread after each look-up. The index and the host of digests (null: none) must outlive
  /// the worker.
  LookupWorker(const index::Index& index, const DigestHost* digests, std::function<void()> on_finished);
  /// Waits for look-ups under way, forgets those that wait.
  ~LookupWorker();

  LookupWorker(const LookupWorker&) = delete;
  LookupWorker& operator=(const LookupWorker&) = delete;

  /// False when one was dropped, this or another stranger's: then nothing will be finished for it.
  [[nodiscard]] bool submit(const overlay::Lookup& lookup, Asker asker);

  /// What was finished since the last call.
  std::vector<Finished> take_finished();

  /// Of all look-ups since the start.
  LookupTimes times() const;

 private:
  void run();
  Finished look_up(overlay::Lookup lookup) const;

  const index::Index& index_;
  const DigestHost* const digests_;
  const std::function<void()> on_finished_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<overlay::Lookup> ours_;                         // guarded by mutex_
  overlay::FairQueue<overlay::Lookup> strangers_{kMaxWaiting};  // guarded by mutex_
  std::vector<Finished> finished_;     // guarded by mutex_
  LookupTimes times_;                  // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::vector<std::thread> threads_;   // last: they use all of the above
};

}  // namespace earshot::node
