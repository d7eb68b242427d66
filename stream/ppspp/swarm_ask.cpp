// What is asked of whom: wishes, the dealing out of runs, and second asks for what is late.
#include <algorithm>

#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

namespace {

/// Chunks asked of a peer before any claim of the chunk count is proven.
constexpr std::uint64_t kFirstTaste = 16;

/// Datagrams get lost; peers that do not send peaks twice exist.
constexpr unsigned kMaxProbes = 3;

/// Under a limit of the user: worth a datagram.
constexpr std::uint64_t kLeastAsk = 4;

constexpr Duration kPlanInterval = 500ms;
constexpr Duration kMinPlanInterval = 50ms;  // for a plan that is used up

/// A wish due within kUrgent makes others wait that are not due within kSoon; one due within kLate may be asked twice.
constexpr Duration kUrgent = 2s;
constexpr Duration kSoon = 5s;
constexpr Duration kLate = 1s;

/// Jitter of a path with little delay is no lateness.
constexpr Duration kMinLateness = 20ms;

}  // namespace

void Swarm::want(Instant now, std::vector<ChunkWish> wishes, Rest rest, Outbox&) {
  picker_.want(std::move(wishes), rest);
  make_way(now);
  due_ = true;
  update_deadline(now);
}

/// After a seek, what was asked for before would only stand in the way of what is needed now.
void Swarm::make_way(Instant now) {
  const auto wishes = picker_.wishes();
  const bool waits = std::any_of(wishes.begin(), wishes.end(), [&](const ChunkWish& wish) {
    return wish.by <= now + kUrgent && !picker_.is_claimed(wish.chunks);
  });
  if (!waits) return;
  ChunkSet soon;
  for (const ChunkWish& wish : wishes) {
    if (wish.by <= now + kSoon) soon.insert(wish.chunks);
  }
  for (const auto& channel : channels_) {
    const ChunkSet pending = channel->download.pending();
    for (ChunkRange run : pending.ranges()) {
      while (!run.empty()) {
        const ChunkRange later = soon.first_gap(run);
        if (later.empty()) break;
        run.begin = later.end;
        channel->download.drop(later);
        channel->to_cancel.insert(later);
        ChunkSet dropped;
        dropped.insert(later);
        release(dropped);
      }
    }
  }
}

/// Deals runs out in turn, so that what is needed first comes from all at once. Peers that fell silent get what is left:
/// they may be back, but nothing shall wait for them that another has.
void Swarm::ask(Instant now) {
  if (is_complete()) return;
  plan(now);
  for (const bool stalled : {false, true}) {
    for (bool dealt = true; dealt;) {
      dealt = false;
      for (const auto& channel : channels_) {
        if (channel->download.is_stalled() == stalled && ask_next(now, *channel)) dealt = tree_.has_value();
      }
    }
  }
  ask_for_late(now);
  ask_for_stragglers(now);
  ask_for_claims(now);
}

/// With one source in sight the order is the content's own.
void Swarm::plan(Instant now) {
  if (!tree_ || picker_.rest() == Rest::kLeave) return;
  const bool used_up = now - planned_ >= kMinPlanInterval && picker_.plan_is_used_up();
  if (now - planned_ < kPlanInterval && !used_up) return;
  std::vector<const ChunkSet*> offers;
  for (const auto& channel : channels_) {
    if (channel->state == Channel::State::kOpen) offers.push_back(&channel->has);
  }
  if (offers.size() < 2) return;
  planned_ = now;
  picker_.plan(offers, start_ % ((chunk_count() + kPageChunks - 1) / kPageChunks));
}

bool Swarm::ask_next(Instant now, Channel& channel) {
  if (channel.state != Channel::State::kOpen || channel.chokes_us) return false;
  std::uint64_t limit = std::min(channel.download.room(), kPageChunks);
  if (!tree_) limit = std::min(limit, kFirstTaste);
  if (allowance_ != nullptr && allowance_->download.is_limited()) {
    const std::uint64_t allowed = allowance_->download.available(now) / config_.chunk_size;
    if (allowed == 0) throttled_until_ = std::min(throttled_until_, allowance_->download.ready_at(now, kLeastAsk * config_.chunk_size));
    limit = std::min(limit, allowed);
  }
  ChunkRange run = picker_.next(channel.has, limit);
  if (tree_) run.end = std::min(run.end, chunk_count());
  if (run.empty()) return false;
  channel.download.asked(now, run);
  channel.to_request.insert(run);
  if (allowance_ != nullptr) allowance_->download.take(run.size() * config_.chunk_size);
  picker_.claim(run);
  return true;
}

void Swarm::ask_for_claims(Instant now) {
  const auto is_busy = [](const auto& channel) { return channel->download.outstanding() > 0; };
  if (!tree_ || std::any_of(channels_.begin(), channels_.end(), is_busy)) return;
  for (const auto& channel : channels_) {
    const bool heard = channel->claim.settled() || channel->probes == kMaxProbes;
    if (channel->state != Channel::State::kOpen || channel->chokes_us || channel->has.empty() || heard) continue;
    const std::uint64_t last = channel->has.ranges().back().end - 1;
    if (!verified_.contains(last)) continue;
    ++channel->probes;
    channel->download.asked(now, {last, last + 1});
    channel->to_request.insert({last, last + 1});
  }
}

/// The end game (rule 5).
void Swarm::ask_for_stragglers(Instant now) {
  if (!tree_) return;
  for (const auto& idle : channels_) {
    if (idle->state != Channel::State::kOpen || idle->chokes_us || idle->download.outstanding() > 0) continue;
    if (!picker_.next(idle->has, 1).empty()) continue;
    Channel* slowest = nullptr;
    for (const auto& other : channels_) {
      if (other == idle || other->download.oldest() == kNever) continue;
      if (slowest == nullptr || other->download.oldest() < slowest->download.oldest()) slowest = other.get();
    }
    if (slowest == nullptr || now - slowest->download.oldest() < 2 * idle->download.round_trip()) continue;
    const ChunkSet pending = slowest->download.pending();
    for (const ChunkRange& run : pending.ranges()) {
      const ChunkRange single = doubled_.first_gap(idle->has.first_run(run));
      if (single.empty()) continue;
      ask_twice(now, *idle, single);
      break;
    }
  }
}

/// What a player waits for is asked of the next best peer when the first one takes longer than it should.
void Swarm::ask_for_late(Instant now) {
  if (!tree_) return;
  for (const ChunkWish& wish : picker_.wishes()) {
    if (wish.by > now + kLate) return;
    const ChunkRange missing = doubled_.first_gap(verified_.first_gap(intersection(wish.chunks, {0, chunk_count()})));
    if (missing.empty()) continue;
    Channel* second = nullptr;
    bool late = false;
    for (const auto& channel : channels_) {
      if (channel->state != Channel::State::kOpen) continue;
      if (channel->download.pending().contains(missing.begin)) {
        late = now - channel->download.oldest() > 2 * channel->download.round_trip() + kMinLateness;
      } else if (!channel->chokes_us && !channel->download.is_stalled() && channel->has.contains(missing.begin) &&
                 (second == nullptr || channel->download.outstanding() < second->download.outstanding())) {
        second = channel.get();
      }
    }
    if (late && second != nullptr) ask_twice(now, *second, second->has.first_run(missing));
  }
}

void Swarm::ask_twice(Instant now, Channel& channel, ChunkRange chunks) {
  chunks.end = std::min(chunks.end, (chunks.begin / kPageChunks + 1) * kPageChunks);
  channel.download.asked(now, chunks);
  channel.to_request.insert(chunks);
  doubled_.insert(chunks);
}

bool Swarm::is_late_watch_due() const {
  if (picker_.wishes().empty() || channels_.size() < 2) return false;
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->download.outstanding() > 0; });
}

}  // namespace earshot::stream::ppspp

