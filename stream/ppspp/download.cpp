// Asks and their timers, claims of the chunk count, and the choice of the next run.
#include "stream/ppspp/download.h"

#include <algorithm>
#include <utility>

#include "schema/check.h"

namespace earshot::stream::ppspp {

namespace {

constexpr Duration kMaxGrace = 500ms;
constexpr Duration kBestWaitTime = 60s;

/// Pauses between arrivals until they tell something, and how many of the longest in a row mean that nothing comes.
constexpr unsigned kEnoughPauses = 16;
constexpr int kPausesOfSilence = 2;

/// Runs remembered after they were given up; older ones only fail to teach.
constexpr std::size_t kMaxGivenUp = 64;

}  // namespace

void Download::Ask::collect(ChunkSet& into) const {
  for (std::uint64_t rest = pending; rest != 0;) {
    const auto at = static_cast<std::uint64_t>(std::countr_zero(rest));
    const auto run = static_cast<std::uint64_t>(std::countr_one(rest >> at));
    into.insert({first + at, first + at + run});
    rest = at + run >= 64 ? 0 : rest & ~mask(at + run);
  }
}

std::uint64_t Download::room() const {
  if (outstanding_ >= window_) return 0;
  const std::uint64_t free = window_ - outstanding_;
  return free >= std::min<std::uint64_t>(kPageChunks, window_ / 4) ? free : 0;
}

void Download::asked(Instant now, ChunkRange chunks) {
  EARSHOT_CHECK(!chunks.empty() && chunks.size() <= kPageChunks);
  asks_.push_back({chunks.begin, Ask::mask(chunks.size()), chunks.size(), now, false, given_up_.contains_any(chunks), std::nullopt});
  outstanding_ += chunks.size();
}

bool Download::arrived(Instant now, std::uint64_t chunk) {
  round_trip_.answered();
  if (last_arrival_ && !stalled_ && outstanding_ > 0 && *last_arrival_ >= asks_.front().sent) note_pause(now - *last_arrival_);
  last_arrival_ = now;
  stalled_ = false;
  for (std::size_t i = 0; i < asks_.size(); ++i) {
    Ask& ask = asks_[i];
    if (chunk < ask.first || chunk - ask.first >= 64) continue;
    const std::uint64_t bit = std::uint64_t{1} << (chunk - ask.first);
    if ((ask.pending & bit) == 0) continue;
    if (!ask.answered && !ask.again) round_trip_.sample(now - ask.sent);
    ask.answered = true;
    ask.pending &= ~bit;
    --outstanding_;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      // REQUESTs overtake each other, too, and whole runs with them; one that nothing came of must have been sent well before.
      const bool counts = asks_[earlier].answered || ask.sent - asks_[earlier].sent >= grace();
      if (counts && !asks_[earlier].overtaken_at) asks_[earlier].overtaken_at = now;
    }
    if (ask.pending == 0) {
      completed(now, ask);
      asks_.erase(asks_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return true;
  }
  if (given_up_.erase({chunk, chunk + 1}) == 0) return false;
  if (now - learnt_ >= grace_) grace_ = std::min<Duration>(2 * grace_, kMaxGrace);  // a run that is late teaches once
  learnt_ = now;
  return true;
}

void Download::completed(Instant now, const Ask& ask) {
  if (ask.again) return;
  const Duration wait = now - ask.sent;
  if (now - best_since_ >= kBestWaitTime) {
    earlier_best_ = std::exchange(best_wait_, Duration::max());
    best_since_ = now;
  }
  best_wait_ = std::min(best_wait_, wait);
  usual_wait_ = usual_wait_ == Duration(0) ? wait : (7 * usual_wait_ + wait) / 8;
  if (usual_wait_ <= std::min(best_wait_, earlier_best_) + kTargetWait) {
    window_ = std::min(window_ + ask.count, kMaxWindow);
  } else {
    window_ = std::max(window_ - std::min(window_ / 8, ask.count / 4), kMinWindow);
  }
}

std::uint64_t Download::drop(ChunkRange chunks) {
  std::uint64_t dropped = 0;
  for (auto ask = asks_.begin(); ask != asks_.end();) {
    const ChunkRange shared = intersection(chunks, {ask->first, ask->first + ask->count});
    if (!shared.empty()) {
      const std::uint64_t bits = Ask::mask(shared.size()) << (shared.begin - ask->first);
      dropped += static_cast<std::uint64_t>(std::popcount(ask->pending & bits));
      ask->pending &= ~bits;
    }
    ask = ask->pending == 0 ? asks_.erase(ask) : ask + 1;
  }
  outstanding_ -= dropped;
  return dropped;
}

void Download::note_pause(Duration pause) {
  if (pause == Duration(0)) return;  // of one batch
  longest_pause_ = std::max(pause, longest_pause_ - longest_pause_ / 64);
  pauses_ = std::min(pauses_ + 1, kEnoughPauses);
}

Instant Download::silent_until() const {
  const Instant asked = asks_.front().sent;
  const bool flows = last_arrival_ && *last_arrival_ >= asked;
  if (!flows || pauses_ < kEnoughPauses) return std::max(last_arrival_.value_or(asked), asked) + round_trip_.timeout();
  const Duration patience = std::max<Duration>(kPausesOfSilence * longest_pause_, RoundTrip::kMinTimeout);
  return *last_arrival_ + std::min(patience, round_trip_.timeout());
}

ChunkSet Download::take_overdue(Instant now) {
  ChunkSet overdue;
  if (now < next_deadline()) return overdue;
  if (now >= silent_until()) {
    overdue = pending();
    for (const ChunkRange& run : overdue.ranges()) given_up_.insert(run, kMaxGivenUp);
    asks_.clear();
    outstanding_ = 0;
    window_ = std::max(window_ / 4, kMinWindow);
    stalled_ = true;
    round_trip_.back_off();
    forget_given_up();
    return overdue;
  }
  for (auto ask = asks_.begin(); ask != asks_.end();) {
    if (!ask->overtaken_at || now < *ask->overtaken_at + grace()) {
      ++ask;
      continue;
    }
    ChunkSet lost;
    ask->collect(lost);
    outstanding_ -= lost.size();
    for (const ChunkRange& run : lost.ranges()) {
      overdue.insert(run);
      given_up_.insert(run, kMaxGivenUp);
    }
    ask = asks_.erase(ask);
  }
  forget_given_up();
  return overdue;
}

/// A quarter of the best time in which an ask was answered, as TCP's RACK has it, or what was learnt to be too little.
Duration Download::grace() const {
  const Duration best = std::min({best_wait_, earlier_best_, std::max(round_trip_.smoothed(), Duration(1))});
  return std::max(grace_, std::min<Duration>(best / 4, kMaxGrace));
}

void Download::forget_given_up() {
  while (given_up_.ranges().size() > kMaxGivenUp / 2) given_up_.erase(given_up_.ranges().front());
}

ChunkSet Download::pending() const {
  ChunkSet all;
  for (const Ask& ask : asks_) ask.collect(all);
  return all;
}

Instant Download::oldest() const { return asks_.empty() ? kNever : asks_.front().sent; }

Instant Download::next_deadline() const {
  if (asks_.empty()) return kNever;
  Instant deadline = silent_until();
  for (const Ask& ask : asks_) {
    if (!ask.overtaken_at) break;
    deadline = std::min(deadline, *ask.overtaken_at + grace());
  }
  return deadline;
}

bool PeakCollector::add(const Node& node, const Digest32& root, MerkleHash hash) {
  if (settled_ || node.hash == Digest32{}) return false;
  if (node.bin.chunks().begin == 0) peaks_.clear();
  const std::uint64_t end = peaks_.empty() ? 0 : chunk_count();
  const bool continues = node.bin.chunks().begin == end && (peaks_.empty() || node.bin.height() < peaks_.back().bin.height());
  if (!continues || node.bin.chunks().end > kMaxChunks) return false;
  peaks_.push_back(node);
  settled_ = root_of(peaks_, hash) == root;
  return settled_;
}

}  // namespace earshot::stream::ppspp
