// What this node shares as others browse it: a list in the order of artists, albums and titles, read a page at a time.
//
//  1. The list has content ids; tracks are read from the index for each page. It is made when somebody asks and the library has
//     changed since, at most once in kRenewed; meanwhile the older list serves, and what is gone is left out of its page.
//     Rationale: whoever pages must not see tracks twice or miss them because one file was added.
//  2. Only what can be fetched is in it, not rows of imported tables; kMostListed at most (3.2 MB).
//  3. One thread works on kMostWaiting pages at most; more are dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "index/index.h"
#include "overlay/browse/browsing.h"
#include "schema/ids.h"

namespace earshot::node {

/// Thread-safe.
class ShareList {
 public:
  static constexpr std::size_t kMostListed = 100'000;
  static constexpr std::size_t kMostWaiting = 64;
  static constexpr std::chrono::seconds kRenewed{10};

  struct Page {
    PeerId asker = kNoPeer;
    overlay::Browse question;
    std::vector<Track> tracks;
    std::vector<std::uint32_t> places;  // of these tracks in the list
    std::uint32_t end = 0;              // the place behind the page
    std::uint32_t shared = 0;
  };

  /// `on_page` is called on this object's thread. The index must outlive this.
  ShareList(const index::Index& index, std::function<void()> on_page);
  ~ShareList();
  ShareList(const ShareList&) = delete;
  ShareList& operator=(const ShareList&) = delete;

  /// False: too many wait.
  [[nodiscard]] bool submit(PeerId asker, const overlay::Browse& question);

  /// What was read since the last call.
  std::vector<Page> take_pages();

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  Page read(Page page);
  void renew();

  const index::Index& index_;
  const std::function<void()> on_page_;

  // This object's thread only.
  std::vector<ContentId> list_;
  std::uint64_t made_of_ = 0;
  Clock::time_point renew_at_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Page> waiting_;  // guarded by mutex_, as all below
  std::vector<Page> read_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace earshot::node
