// The clock's hand and the epochs.
#include "index/page_cache.h"

#include <memory>
#include <utility>

namespace earshot::index {

namespace {

std::size_t cost_of(const std::string& page) {
  return page.capacity() + sizeof(std::string) + sizeof(PageSlot);
}

}  // namespace

PageCache::Reading::Reading(const PageCache& cache) {
  while (true) {
    const std::uint64_t epoch = cache.epoch_.load();
    count_ = &cache.readings_[epoch & 1];
    count_->fetch_add(1);
    // Counted under an epoch that is over by now, this reading might not be waited for.
    if (cache.epoch_.load() == epoch) return;
    count_->fetch_sub(1);
  }
}

PageCache::~PageCache() {
  for (const auto& pages : leaving_) {
    for (const std::string* page : pages) delete page;
  }
}

const std::string* PageCache::keep(PageSlot& slot, std::string page) {
  auto owned = std::make_unique<const std::string>(std::move(page));
  const std::lock_guard changing(changes_);
  if (const std::string* other = slot.page_.load(std::memory_order_acquire)) return other;
  bytes_ += cost_of(*owned);
  const std::string* kept = owned.release();
  slot.used_.store(true, std::memory_order_relaxed);
  slot.page_.store(kept, std::memory_order_release);
  clock_.push_back(&slot);
  make_room();
  return kept;
}

// REQUIRES: changes_ is held. The page that came last may leave at once, when it alone is too large.
void PageCache::make_room() {
  while (bytes_ > limit_ && !clock_.empty()) {
    PageSlot* slot = clock_.front();
    clock_.pop_front();
    if (slot->used_.exchange(false, std::memory_order_relaxed)) {
      clock_.push_back(slot);
      continue;
    }
    const std::string* page = slot->page_.exchange(nullptr);
    bytes_ -= cost_of(*page);
    leaving_[epoch_.load() & 1].push_back(page);
  }
  free_unread();
}

// REQUIRES: changes_ is held.
void PageCache::free_unread() {
  const std::uint64_t next = epoch_.load() + 1;
  if (readings_[next & 1].load() != 0) return;
  for (const std::string* page : leaving_[next & 1]) delete page;
  leaving_[next & 1].clear();
  epoch_.store(next);
}

void PageCache::forget(std::span<PageSlot> slots) {
  const std::lock_guard changing(changes_);
  std::erase_if(clock_, [&](const PageSlot* slot) { return slot >= slots.data() && slot < slots.data() + slots.size(); });
  for (PageSlot& slot : slots) {
    const std::string* page = slot.page_.exchange(nullptr);
    if (page == nullptr) continue;
    bytes_ -= cost_of(*page);
    delete page;
  }
}

}  // namespace earshot::index
