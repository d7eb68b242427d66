// How many bytes a second a user allows, shared by all swarms of a port. Two buckets that fill with time and hold at most
// a tenth of a second's worth, so that a limit is kept in every second and not only on average.
#pragma once

#include <algorithm>
#include <cstdint>

#include "schema/time.h"

namespace earshot::stream::ppspp {

class TokenBucket {
 public:
  /// 0: no limit.
  explicit TokenBucket(std::uint64_t bytes_per_second = 0) : rate_(bytes_per_second) {}

  bool is_limited() const { return rate_ != 0; }

  /// Bytes that may go now. Without a limit: more than anybody has.
  std::uint64_t available(Instant now) {
    if (rate_ == 0) return std::uint64_t{1} << 40;
    fill(now);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(tokens_, 0));
  }

  /// May overdraw by one datagram or batch; what follows waits for it.
  void take(std::uint64_t bytes) {
    if (rate_ != 0) tokens_ -= static_cast<std::int64_t>(bytes);
  }

  /// When this many bytes will be available.
  Instant ready_at(Instant now, std::uint64_t bytes) {
    const std::uint64_t there = available(now);
    if (there >= bytes) return now;
    const auto missing = static_cast<std::int64_t>(std::min(bytes, capacity())) - tokens_;
    return now + Duration(missing * 1'000'000 / static_cast<std::int64_t>(rate_) + 1);
  }

 private:
  static constexpr std::uint64_t kLeastCapacity = 4096;  // a few datagrams, else nothing would ever fit

  std::uint64_t capacity() const { return std::max(rate_ / 10, kLeastCapacity); }

  void fill(Instant now) {
    if (!started_) {
      started_ = true;
      filled_ = now;
      tokens_ = static_cast<std::int64_t>(capacity());
    }
    const auto passed = std::min<std::int64_t>((now - filled_).count(), 1'000'000);
    const auto earned = static_cast<std::int64_t>(static_cast<std::uint64_t>(passed) * rate_ / 1'000'000);
    if (earned == 0) return;
    filled_ = now;
    tokens_ = std::min(tokens_ + earned, static_cast<std::int64_t>(capacity()));
  }

  std::uint64_t rate_;
  std::int64_t tokens_ = 0;
  bool started_ = false;
  Instant filled_{};
};

struct Allowance {
  TokenBucket upload;
  TokenBucket download;
};

}  // namespace earshot::stream::ppspp
