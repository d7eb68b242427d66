// How much may be under way to one peer: congestion control by delay (RFC 6817), and the round-trip time behind timers.
//
// The window grows while the queueing delay (a one-way delay sample minus the smallest seen lately) is under the target
// and shrinks above it, in proportion to the distance; it halves on loss, at most once a round trip. It starts with slow
// start, as RFC 6817 section 2.4.2 leaves to the implementation, until the first loss or half the target.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "schema/time.h"

namespace earshot::stream::ppspp {

/// Smoothed round-trip time and the time after which silence means loss (RFC 6298, with a lower floor).
class RoundTrip {
 public:
  static constexpr Duration kMinTimeout = 100ms;  // a killed source must be noticed within 250 ms
  static constexpr Duration kMaxTimeout = 3s;

  void sample(Duration rtt);
  /// Doubles the timeout until the peer answers again.
  void back_off();
  void answered() { back_off_ = 0; }

  Duration smoothed() const { return smoothed_; }
  Duration timeout() const;

 private:
  Duration smoothed_{0};  // 0: no sample yet
  Duration variance_{0};
  unsigned back_off_ = 0;
};

class Ledbat {
 public:
  static constexpr Duration kTarget = 60ms;  // RFC 6817: at most 100 ms
  /// In chunks. The floor keeps a stream alive under loss that is not congestion; 2,048 chunks are 2 MiB, half of the
  /// socket buffers that stream/net asks for.
  static constexpr std::uint64_t kMinWindow = 8;
  static constexpr std::uint64_t kStartWindow = 32;
  static constexpr std::uint64_t kMaxWindow = 2048;

  /// `sample`: the one-way delay that the peer reported, with the offset between both clocks in it.
  void acknowledged(Instant now, std::uint64_t chunks, std::optional<std::uint64_t> sample_us);
  void lost(Instant now, Duration round_trip);
  void timed_out();

  /// In chunks.
  std::uint64_t window() const { return window_milli_ / 1000; }
  /// Nothing was lost in the last window or so: datagrams may depend on each other.
  bool is_clean() const { return clean_; }

 private:
  static constexpr std::size_t kBaseBins = 4;  // base delay: the smallest sample of the last four minutes
  static constexpr Duration kBaseBin = 60s;

  void clamp();
  std::int64_t queueing_us(Instant now, std::uint64_t sample_us);

  std::uint64_t window_milli_ = kStartWindow * 1000;  // in thousandths of a chunk
  bool slow_start_ = true;
  bool clean_ = true;
  std::uint64_t clean_run_ = 0;                       // chunks acknowledged since the last loss
  std::optional<Instant> halved_;
  std::array<std::int64_t, kBaseBins> base_us_{};
  std::size_t bases_ = 0;                             // filled entries of base_us_
  Instant bin_began_{};
};

}  // namespace earshot::stream::ppspp
