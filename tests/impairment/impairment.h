// What a bad path does to datagrams: delay, jitter, loss, repetition, reordering and a rate. Pure: time and seed go in, the
// instants at which copies arrive come out. One object is one direction of one path.
//
// Rules
//  1. Each datagram's fate is drawn from (seed, its number), so that it does not depend on when datagrams come.
//  2. First the rate: a queue that holds at most `queue`; what finds it full is lost. Then loss, then repetition.
//  3. Each copy arrives after delay plus a draw from [0, jitter]. Jitter reorders, as it does on a real path, unless
//     `in_order` holds later ones back. A reordered datagram waits `reorder_by` longer than the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/random.h"
#include "schema/time.h"

namespace earshot::impairment {

struct Path {
  Duration delay{};                  // one way
  Duration jitter{};
  std::uint64_t loss_percent = 0;
  std::uint64_t repeat_percent = 0;
  std::uint64_t reorder_percent = 0;
  Duration reorder_by = 5ms;
  std::uint64_t bytes_per_second = 0;  // 0: no limit
  Duration queue = 100ms;              // of the rate's queue
  bool in_order = false;
};

class Impairment {
 public:
  Impairment(const Path& path, std::uint64_t seed) : path_(path), seed_(seed) {}

  /// When copies of a datagram that is sent now arrive; none: it is lost. REQUIRES: `now` never goes back.
  std::vector<Instant> arrivals(Instant now, std::size_t bytes);

  struct Counters {
    std::uint64_t sent = 0, lost = 0, overflowed = 0, repeated = 0, reordered = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  Path path_;
  std::uint64_t seed_;
  std::uint64_t number_ = 0;
  Instant line_free_{};     // when the rate's queue will be empty
  Instant last_arrival_{};  // for in_order
  Counters counters_;
};

}  // namespace earshot::impairment
