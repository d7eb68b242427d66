// A queue that is shared by many links: each has a line of its own, and the lines are served in turn. When the queue is full the longest
// line loses what came to it last, so whoever asks most waits for himself.
//
// Rationale: with one line for all, a link that brings a hundred times what others bring gets a hundred times the work done, and the
// others wait behind it or are dropped with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "schema/ids.h"

namespace earshot::overlay {

template <class T>
class FairQueue {
 public:
  explicit FairQueue(std::size_t capacity) : capacity_(capacity) {}

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  /// What had to go to make room: perhaps the thing itself.
  std::optional<T> push(PeerId link, T thing) {
    lines_[link].push_back(std::move(thing));
    ++size_;
    if (size_ <= capacity_) return std::nullopt;
    // Of equally long lines the one that grew just now: whoever waits already keeps his place.
    auto longest = lines_.find(link);
    for (auto line = lines_.begin(); line != lines_.end(); ++line) {
      if (line->second.size() > longest->second.size()) longest = line;
    }
    T dropped = std::move(longest->second.back());
    longest->second.pop_back();
    --size_;
    if (longest->second.empty()) lines_.erase(longest);
    return dropped;
  }

  /// The first of the line whose turn it is. REQUIRES: not empty.
  T pop() {
    auto line = lines_.upper_bound(served_);
    if (line == lines_.end()) line = lines_.begin();
    served_ = line->first;
    T thing = std::move(line->second.front());
    line->second.pop_front();
    --size_;
    if (line->second.empty()) lines_.erase(line);
    return thing;
  }

 private:
  std::size_t capacity_;
  std::size_t size_ = 0;
  PeerId served_ = kNoPeer;
  std::map<PeerId, std::deque<T>> lines_;  // none is empty
};

}  // namespace earshot::overlay
