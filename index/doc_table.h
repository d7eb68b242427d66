// Documents of a live segment by content id: one place in memory a look-up, which can be asked for beforehand. Ids are
// uniformly random, so their first bytes are hash enough; whether a document is the wanted one, its holder knows.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "index/postings.h"
#include "schema/ids.h"
#include "schema/prefetch.h"

namespace earshot::index {

class DocTable {
 public:
  std::size_t size() const { return size_; }

  /// Asks memory for what find() will read.
  void prefetch(const ContentId& content) const {
    if (!slots_.empty()) earshot::prefetch(&slots_[hash_of(content) & (slots_.size() - 1)]);
  }

  /// The document for which is_wanted(doc) holds, of those whose ids begin like this one.
  template <class IsWanted>
  std::optional<Doc> find(const ContentId& content, const IsWanted& is_wanted) const {
    const Slot* slot = slot_of(content, is_wanted);
    return slot != nullptr ? std::optional(slot->doc) : std::nullopt;
  }

  /// REQUIRES: the content is not held.
  void insert(const ContentId& content, Doc doc) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    put(hash_of(content), doc);
    ++size_;
  }

  /// REQUIRES: such a document is held.
  template <class IsWanted>
  void erase(const ContentId& content, const IsWanted& is_wanted) {
    slots_[static_cast<std::size_t>(slot_of(content, is_wanted) - slots_.data())].doc = kGone;
    --size_;
  }

 private:
  static constexpr Doc kFree = UINT32_MAX;
  static constexpr Doc kGone = UINT32_MAX - 1;
  struct Slot {
    std::uint64_t hash = 0;
    Doc doc = kFree;
  };

  static std::uint64_t hash_of(const ContentId& content) { return IdHash()(content); }

  template <class IsWanted>
  const Slot* slot_of(const ContentId& content, const IsWanted& is_wanted) const {
    if (slots_.empty()) return nullptr;
    const std::uint64_t hash = hash_of(content);
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.doc == kFree) return nullptr;
      if (slot.hash == hash && slot.doc != kGone && is_wanted(slot.doc)) return &slot;
    }
  }

  void put(std::uint64_t hash, Doc doc) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].doc != kFree) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, doc};
    ++used_;
  }

  void grow() {
    std::vector<Slot> old(std::bit_ceil(std::max<std::size_t>(16, size_ * 4)));
    old.swap(slots_);
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.doc < kGone) put(slot.hash, slot.doc);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them, or none
  std::size_t used_ = 0;     // not free
  std::size_t size_ = 0;     // held
};

}  // namespace earshot::index
