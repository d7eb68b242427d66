// The sealed part of the index at one moment: immutable segments, and which of their documents are gone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "index/segment.h"

namespace earshot::index {

/// Documents of one segment that are gone: one bit each.
class RemovedDocs {
 public:
  explicit RemovedDocs(std::uint32_t docs) : words_((docs + 63) / 64) {}
  bool holds(Doc doc) const { return (words_[doc / 64] >> (doc % 64) & 1) != 0; }
  void add(Doc doc) {
    if (holds(doc)) return;
    words_[doc / 64] |= std::uint64_t{1} << (doc % 64);
    ++count_;
  }
  std::uint32_t count() const { return count_; }

 private:
  std::vector<std::uint64_t> words_;
  std::uint32_t count_ = 0;
};

struct Part {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const RemovedDocs> removed;  // null while there is none

  bool is_removed(Doc doc) const { return removed && removed->holds(doc); }
  std::uint32_t tracks() const { return segment->docs() - (removed ? removed->count() : 0); }
};

struct View {
  std::vector<Part> parts;
};

}  // namespace earshot::index
