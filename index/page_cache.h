// Pages of segments in memory, found without a lock: a reader follows one pointer.
//
// 1. Whoever looks at pages holds a Reading for as long as it uses their bytes.
// 2. When there is no room, the page that was not used for a while leaves (CLOCK: each use marks a page, each turn of
//    the hand takes the mark away, an unmarked page goes). It leaves its slot at once, and memory when no Reading is
//    left that may have seen it.
//
// Rule 2 in detail: readings are counted by the parity of the epoch in which they began. Pages that leave in epoch e
// wait until the epoch has advanced twice; it advances to e + 1 only when no reading of e - 1 is left. So a long search
// delays freeing, and nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace earshot::index {

/// A place for one page. Lives as long as its segment.
class PageSlot {
 private:
  friend class PageCache;
  std::atomic<const std::string*> page_ = nullptr;
  std::atomic<bool> used_ = false;
};

/// Thread-safe.
class PageCache {
 public:
  explicit PageCache(std::size_t bytes) : limit_(bytes) {}
  PageCache(const PageCache&) = delete;
  ~PageCache();

  class Reading {
   public:
    explicit Reading(const PageCache& cache);
    Reading(const Reading&) = delete;
    ~Reading() { count_->fetch_sub(1); }

   private:
    std::atomic<std::uint32_t>* count_;
  };

  /// Null when the page is not here. REQUIRES: a Reading.
  const std::string* look(PageSlot& slot) const {
    const std::string* page = slot.page_.load(std::memory_order_acquire);
    if (page != nullptr && !slot.used_.load(std::memory_order_relaxed)) slot.used_.store(true, std::memory_order_relaxed);
    return page;
  }

  /// Keeps a page that was not here, or finds that another thread was faster. REQUIRES: a Reading.
  const std::string* keep(PageSlot& slot, std::string page);

  /// Drops what the slots hold. REQUIRES: nobody reads them any more.
  void forget(std::span<PageSlot> slots);

 private:
  void make_room();
  void free_unread();

  const std::size_t limit_;
  mutable std::atomic<std::uint64_t> epoch_ = 0;
  mutable std::array<std::atomic<std::uint32_t>, 2> readings_{};  // by the parity of their epoch

  std::mutex changes_;  // guards what follows, and every change of a slot's pointer
  std::size_t bytes_ = 0;
  std::deque<PageSlot*> clock_;  // of all pages that are here; the hand is in front
  std::array<std::vector<const std::string*>, 2> leaving_;  // by the parity of the epoch in which they left
};

}  // namespace earshot::index
