// What waits to be sent to one peer: three lanes and one budget in bytes, because ZeroMQ's own limit counts messages.
//
//  1. Control frames leave before hits, hits before queries; within a lane in order.
//  2. A frame that does not fit pushes out the oldest frames of lanes below its own, then of its own. Rationale: an old
//     question is worth less than a new one, and hits were paid for by others.
//  3. What still does not fit is dropped itself.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "schema/bytes.h"

namespace earshot::overlay::net {

enum class Priority : std::uint8_t { kControl, kHits, kQueries };

class SendQueue {
 public:
  /// Four of the largest frames, or 800 queries.
  static constexpr std::size_t kBudget = 256 * 1024;

  /// How many frames were dropped for it, itself included.
  std::size_t push(Priority priority, Bytes frame);

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return lanes_[0].size() + lanes_[1].size() + lanes_[2].size(); }

  /// REQUIRES: !empty().
  const Bytes& front() const { return first_lane().front(); }
  void pop();

 private:
  using Lane = std::deque<Bytes>;
  const Lane& first_lane() const;

  std::array<Lane, 3> lanes_;
  std::size_t bytes_ = 0;
};

}  // namespace earshot::overlay::net
