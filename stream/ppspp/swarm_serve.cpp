// What is given to whom: slots, turns, the user's limits.
#include <algorithm>

#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

namespace {

/// Who asked for nothing that long is nobody who waits for a slot.
constexpr Duration kAsksStill = 15s;

/// A batch that is worth a system call.
constexpr std::uint64_t kLeastBatch = 4;

}  // namespace

void Swarm::choke(Instant now) {
  bool newcomer_waits = false;
  std::vector<Choker::Asker> askers;
  for (std::uint32_t i = 0; i < channels_.size(); ++i) {
    const Channel& channel = *channels_[i];
    const bool asks = channel.asked_us != Instant{} && now - channel.asked_us < kAsksStill;
    if (channel.state != Channel::State::kOpen || !asks) continue;
    newcomer_waits = newcomer_waits || (channel.choked_by_us && channel.never_served);
    askers.push_back({i, channel.bytes_verified - channel.verified_before, channel.bytes_served - channel.served_before,
                      !channel.choked_by_us, channel.choked_since, channel.never_served});
  }
  if (!choker_.is_due(now, newcomer_waits)) return;
  const auto served = choker_.choose(now, std::move(askers), is_complete());
  for (std::uint32_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = *channels_[i];
    channel.verified_before = channel.bytes_verified;
    channel.served_before = channel.bytes_served;
    const bool asks = channel.asked_us != Instant{} && now - channel.asked_us < kAsksStill;
    if (channel.state != Channel::State::kOpen) continue;
    if (std::find(served.begin(), served.end(), i) != served.end()) {
      if (channel.choked_by_us) channel.to_unchoke = true;
      channel.choked_by_us = false;
    } else if (asks && !channel.choked_by_us) {
      refuse(now, channel);
    } else if (!asks && channel.choked_by_us) {
      // A choked peer may not ask, so its silence says nothing; and a lost UNCHOKE would silence it for good.
      channel.choked_by_us = channel.choked_since + Choker::kGift > now;
      channel.to_unchoke = !channel.choked_by_us;
    }
  }
}

/// Section 3.9: what was asked for before is discarded with the slot.
void Swarm::refuse(Instant now, Channel& channel) {
  channel.choked_by_us = true;
  channel.choked_since = now;
  channel.to_unchoke = false;
  channel.to_choke = true;
  channel.upload.cancel({0, kMaxChunks});
}

/// Whether a peer that has just asked may have a slot without waiting for a round.
bool Swarm::has_free_slot() const {
  const auto busy = std::count_if(channels_.begin(), channels_.end(), [](const auto& channel) {
    return channel->state == Channel::State::kOpen && !channel->choked_by_us && channel->asked_us != Instant{};
  });
  return static_cast<std::size_t>(busy) < config_.upload_slots;
}

/// One batch a peer and turn, so that no peer waits for another's queue; who begins moves on.
void Swarm::serve(Instant now, Outbox& out) {
  if (!tree_ || channels_.empty()) return;
  const std::size_t first = turn_++ % channels_.size();
  for (bool served = true; served;) {
    served = false;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      Channel& channel = *channels_[(first + i) % channels_.size()];
      if (channel.state != Channel::State::kOpen || channel.choked_by_us || channel.upload.is_queue_empty()) continue;
      served = serve_batch(now, channel, out) || served;
    }
  }
}

bool Swarm::serve_batch(Instant now, Channel& channel, Outbox& out) {
  std::uint64_t allowed = Upload::kMaxBatch;
  if (allowance_ != nullptr && allowance_->upload.is_limited()) {
    allowed = std::min(allowed, allowance_->upload.available(now) / config_.chunk_size);
    if (allowed < kLeastBatch) {
      throttled_until_ = std::min(throttled_until_, allowance_->upload.ready_at(now, kLeastBatch * config_.chunk_size));
      return false;
    }
  }
  const auto run = channel.upload.next(now, verified_, allowed);
  if (!run) return false;
  if (allowance_ != nullptr) allowance_->upload.take(run->size() * config_.chunk_size);
  channel.bytes_served += run->size() * config_.chunk_size;
  channel.never_served = false;
  out.effects.push_back(Load{channel.ours, *run});
  return true;
}

void Swarm::loaded(Instant now, const Load& load, const Loaded& chunks, Outbox& out) {
  Channel* channel = find(load.channel);
  if (channel == nullptr || channel->state != Channel::State::kOpen || !tree_ || chunks.bytes.empty()) return;
  const Upload::Destination to{channel->endpoint, channel->theirs, format_};
  const std::size_t before = out.effects.size();
  channel->upload.compose(now, load.chunks, chunks.bytes, *tree_, chunks.page, channel->has, to, out);
  if (out.effects.size() == before) return;
  counters_.chunks_sent += load.chunks.size();
  channel->said = now;
  ++channel->unanswered;
}

}  // namespace earshot::stream::ppspp
