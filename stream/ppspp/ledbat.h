// How much may be under way to one peer: congestion control by delay (RFC 6817), and the round-trip time behind timers.
//
// The window grows while the queueing delay (a one-way delay sample minus the smallest seen lately) is under the target
// and shrinks above it, in proportion to the distance; it halves on loss, at most once a round trip. It starts with slow
// start, as RFC 6817 section 2.4.2 leaves to the implementation, until the first loss or half the target.
//
// Loss that is not congestion. Radio links lose datagrams however little is sent, and a window that halves at each of them
// stays at its floor. A queue that overflows was full before: so a loss halves the window when the queueing delay is
// half of the target or more, or when more than kMaxPathLoss of what was sent lately is gone, which is what a bottleneck
// without a queue does. This leaves RFC 6817, section 2.4.1, which halves at every loss; what it costs others: at such a
// bottleneck a quarter is lost before we give way. The delay rules as ever.
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
  /// An answer that takes longer is no answer that came late by chance.
  Duration longest() const { return smoothed_ + 4 * variance_; }
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
  void lost(Instant now, std::uint64_t chunks, Duration round_trip);
  void timed_out();

  /// In chunks.
  std::uint64_t window() const { return window_milli_ / 1000; }
  /// Nothing was lost in the last window or so: datagrams may depend on each other.
  bool is_clean() const { return clean_; }

 private:
  static constexpr std::size_t kBaseBins = 4;  // base delay: the smallest sample of the last four minutes
  static constexpr Duration kBaseBin = 60s;

  static constexpr std::uint64_t kMaxPathLoss = 250;  // in thousandths
  static constexpr std::uint64_t kEnough = 64;        // chunks that tell a share; after four times as many the old ones count half
  static constexpr std::size_t kFilter = 4;           // the current delay is the smallest of so many samples (RFC 6817, section 3.4.2)

  void clamp();
  bool is_congested() const;
  std::int64_t queueing_us(Instant now, std::uint64_t sample_us);

  std::uint64_t window_milli_ = kStartWindow * 1000;  // in thousandths of a chunk
  bool slow_start_ = true;
  bool clean_ = true;
  std::uint64_t clean_run_ = 0;                       // chunks acknowledged since the last loss
  std::optional<Instant> halved_;
  std::uint64_t arrived_ = 0, lost_ = 0;              // lately, in chunks
  std::array<std::int64_t, kFilter> recent_us_{};     // the last samples
  std::uint64_t samples_ = 0;
  std::int64_t queueing_us_ = 0;                      // as of the last sample
  std::array<std::int64_t, kBaseBins> base_us_{};
  std::size_t bases_ = 0;                             // filled entries of base_us_
  Instant bin_began_{};
};

}  // namespace earshot::stream::ppspp
