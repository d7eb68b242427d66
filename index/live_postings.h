// The terms of a live segment and the postings of each: a flat table, so that adding a track waits for memory once a term
// and may ask for it beforehand.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/postings.h"
#include "schema/prefetch.h"

namespace earshot::index {

class LivePostings {
 public:
  /// Asks memory for what of() reads first, and for what it reads then.
  void prefetch_slot(std::uint64_t hash) const {
    if (!slots_.empty()) earshot::prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void prefetch_entry(std::uint64_t hash) const {
    if (slots_.empty()) return;
    const Slot& slot = slots_[hash & (slots_.size() - 1)];
    if (slot.entry != kFree) earshot::prefetch(&entries_[slot.entry]);
  }

  /// The postings of a term, which are made when there are none. `hash` is the term's (index/terms.h).
  Postings& of(std::string_view term, std::uint64_t hash) {
    if ((entries_.size() + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[place_of(term, hash)];
    if (slot.entry == kFree) {
      slot = {tag_of(hash), static_cast<std::uint32_t>(entries_.size())};
      entries_.push_back({static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(term.size()), hash, {}});
      texts_ += term;
    }
    return entries_[slot.entry].postings;
  }

  /// Null for a term that no document was ever added with.
  const Postings* find(std::string_view term, std::uint64_t hash) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place_of(term, hash)];
    return slot.entry == kFree ? nullptr : &entries_[slot.entry].postings;
  }

  /// visit(term, postings) for each term that some document has, in no order.
  template <class Visit>
  void visit(const Visit& visit) const {
    for (const Entry& entry : entries_) {
      if (!entry.postings.empty()) visit(text_of(entry), entry.postings);
    }
  }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  struct Slot {
    std::uint32_t tag = 0;  // of the hash, so that few others are compared in full
    std::uint32_t entry = kFree;
  };
  struct Entry {
    std::uint32_t begin = 0;  // in texts_
    std::uint32_t size = 0;
    std::uint64_t hash = 0;
    Postings postings;
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::string_view text_of(const Entry& entry) const { return std::string_view(texts_).substr(entry.begin, entry.size); }

  // The slot that holds a term, or the free one that may.
  std::size_t place_of(std::string_view term, std::uint64_t hash) const {
    std::size_t at = hash & (slots_.size() - 1);
    for (;; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.entry == kFree || (slot.tag == tag_of(hash) && text_of(entries_[slot.entry]) == term)) return at;
    }
  }

  void grow() {
    slots_.assign(std::bit_ceil(entries_.size() * 4 + 16), Slot());
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      std::size_t at = entries_[i].hash & (slots_.size() - 1);
      while (slots_[at].entry != kFree) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {tag_of(entries_[i].hash), i};
    }
  }

  std::string texts_;           // of the terms, one after the other
  std::vector<Entry> entries_;  // a term whose last document went stays, without postings
  std::vector<Slot> slots_;     // a power of two of them, or none
};

}  // namespace earshot::index
