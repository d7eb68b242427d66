// Windows and timeouts, in integers.
#include "stream/ppspp/ledbat.h"

#include <algorithm>

namespace earshot::stream::ppspp {

void RoundTrip::sample(Duration rtt) {
  rtt = std::max(rtt, Duration(1));
  back_off_ = 0;
  if (smoothed_ == Duration(0)) {
    smoothed_ = rtt;
    variance_ = rtt / 2;
    return;
  }
  const Duration error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
  variance_ = (3 * variance_ + error) / 4;
  smoothed_ = (7 * smoothed_ + rtt) / 8;
}

void RoundTrip::back_off() { back_off_ = std::min(back_off_ + 1, 5u); }

Duration RoundTrip::timeout() const {
  const Duration guess = smoothed_ == Duration(0) ? 500ms : longest();
  return std::min<Duration>(std::max<Duration>(guess, kMinTimeout) * (1 << back_off_), kMaxTimeout);
}

std::int64_t Ledbat::queueing_us(Instant now, std::uint64_t sample_us) {
  // The offset between two clocks may make a sample negative; modulo 2^64 it still is a number to subtract from.
  auto sample = static_cast<std::int64_t>(sample_us);
  if (bases_ == 0 || now - bin_began_ >= kBaseBin) {
    std::rotate(base_us_.begin(), base_us_.end() - 1, base_us_.end());
    base_us_[0] = sample;
    bases_ = std::min(bases_ + 1, kBaseBins);
    bin_began_ = now;
  }
  base_us_[0] = std::min(base_us_[0], sample);
  recent_us_[samples_++ % kFilter] = sample;
  sample = *std::min_element(recent_us_.begin(), recent_us_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(samples_, kFilter)));
  const auto base = *std::min_element(base_us_.begin(), base_us_.begin() + static_cast<std::ptrdiff_t>(bases_));
  // A peer may report anything: the difference is taken without overflow and cut to ten targets.
  const auto queueing = static_cast<std::uint64_t>(sample) - static_cast<std::uint64_t>(base);
  return static_cast<std::int64_t>(std::min<std::uint64_t>(queueing, 10 * kTarget.count()));
}

void Ledbat::acknowledged(Instant now, std::uint64_t chunks, std::optional<std::uint64_t> sample_us) {
  clean_run_ += chunks;
  if (clean_run_ > 2 * window()) clean_ = true;
  arrived_ += chunks;
  if (sample_us) queueing_us_ = queueing_us(now, *sample_us);
  const std::int64_t queueing = queueing_us_;
  const std::int64_t target = kTarget.count();
  if (slow_start_ && queueing < target / 2) {
    window_milli_ += chunks * 1000;
  } else {
    slow_start_ = false;
    // GAIN 1: at most one chunk a round trip for each full window acknowledged.
    const auto window = static_cast<std::int64_t>(window_milli_);
    const std::int64_t change = (target - queueing) * static_cast<std::int64_t>(chunks) * 1'000'000 / (target * window);
    window_milli_ = static_cast<std::uint64_t>(std::max<std::int64_t>(window + change, 0));
  }
  clamp();
}

void Ledbat::lost(Instant now, std::uint64_t chunks, Duration round_trip) {
  clean_ = false;
  clean_run_ = 0;
  lost_ += chunks;
  const bool congested = is_congested();
  if (arrived_ + lost_ > 4 * kEnough) {
    arrived_ /= 2;
    lost_ /= 2;
  }
  if (!congested) return;
  slow_start_ = false;
  if (halved_ && now - *halved_ < round_trip) return;
  halved_ = now;
  arrived_ = lost_ = 0;  // the share begins anew: one jam halves once
  window_milli_ /= 2;
  clamp();
}

bool Ledbat::is_congested() const {
  const std::uint64_t chunks = arrived_ + lost_;
  const bool jammed = chunks >= kEnough && lost_ * 1000 > chunks * kMaxPathLoss;
  return jammed || bases_ == 0 || queueing_us_ >= kTarget.count() / 2;
}

void Ledbat::timed_out() {
  slow_start_ = true;
  clean_ = false;
  clean_run_ = 0;
  window_milli_ = 0;
  clamp();
}

void Ledbat::clamp() { window_milli_ = std::clamp(window_milli_, kMinWindow * 1000, kMaxWindow * 1000); }

}  // namespace earshot::stream::ppspp
