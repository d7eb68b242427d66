// What time brings to a live swarm: asking, announcing, serving, parting.
#include <algorithm>

#include "stream/ppspp/live/live_swarm.h"
#include "stream/ppspp/peer_limits.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::ppspp {

namespace {

constexpr unsigned kMaxDials = 5;              // 250 ms doubling: 8 s in all
constexpr Duration kKeepAlive = 5s;
constexpr Duration kMunroAgain = 300ms;        // a munro that was sent and not shown is sent again
constexpr Duration kListensStill = 3s;         // who asked for nothing that long needs no slot
constexpr Duration kSlotRound = 1s;
constexpr Duration kPexInterval = 5s;          // a listener needs its neighbours soon
constexpr Duration kPexRetry = 250ms;          // when nobody could be asked
constexpr Duration kPexAnswerInterval = 2s;
constexpr std::size_t kEnoughListeners = 12;

}  // namespace

void LiveSwarm::tick(Instant now, Outbox& out) {
  due_ = false;
  expire(now, out);
  while (!candidates_.empty() && channels_.size() < config_.max_open) {
    const Endpoint next = *candidates_.begin();
    candidates_.erase(candidates_.begin());
    add_peer(now, next, out);
  }
  ask(now);
  fill_slots(now);
  for (const auto& channel : channels_) {
    if (channel->open) speak(now, *channel, out);
  }
  serve(now, out);
  update_deadline(now);
}

void LiveSwarm::expire(Instant now, Outbox& out) {
  for (std::size_t i = channels_.size(); i > 0; --i) {
    Channel& channel = *channels_[i - 1];
    if (channel.open) {
      release(channel.download.take_overdue(now));
      channel.upload.tick(now);
      if (now - channel.heard >= kDeadAfter && channel.unanswered >= kDeadUnanswered) remove(channel);
    } else if (channel.dialled && now >= channel.redial) {
      if (channel.dials < kMaxDials) {
        dial(now, channel, out);
      } else {
        remove(channel);
      }
    } else if (!channel.dialled && now - channel.began >= kHalfOpenTime) {
      remove(channel);
    }
  }
}

void LiveSwarm::ask(Instant now) {
  if (signer_ || !tuned_in_) return;
  std::uint64_t end = end_of_stream();
  for (const auto& channel : channels_) {
    if (!channel->has.empty()) end = std::max(end, channel->has.ranges().back().end);
  }
  // A peer may announce chunks of next year; who looks further than a window ahead looks for nothing.
  end = std::min(end, end_of_stream() + config_.discard_window);
  const std::uint64_t width = config_.chunks_per_munro;
  for (std::uint64_t first = std::max(*tuned_in_, window_begin() / width * width); first < end; first += width) {
    ChunkRange rest{first, first + width};
    while (!rest.empty()) {
      ChunkRange gap = verified_.first_gap(rest);
      if (!gap.empty()) gap = claimed_.first_gap(gap);
      if (gap.empty()) break;
      Channel* best = nullptr;
      for (const auto& channel : channels_) {
        if (!channel->open || channel->chokes_us || !channel->has.contains(gap.begin) || channel->download.room() == 0) continue;
        const auto worse = [](const Channel& c) { return std::pair(c.download.is_stalled(), c.download.outstanding()); };
        if (best == nullptr || worse(*channel) < worse(*best)) best = channel.get();
      }
      rest.begin = gap.end;
      if (best == nullptr) continue;
      const ChunkRange run = best->has.first_run({gap.begin, std::min(gap.end, gap.begin + best->download.room())});
      best->download.asked(now, run);
      best->to_request.insert(run);
      claimed_.insert(run);
      rest.begin = run.end;
    }
  }
  if (channels_.size() >= kEnoughListeners || now < pex_due_ || config_.pex == Pex::kOff) return;
  Channel* chosen = nullptr;
  for (const auto& channel : channels_) {
    const bool may = config_.pex == Pex::kEverywhere || is_private(channel->endpoint);
    if (channel->open && may && (chosen == nullptr || channel->pex_asked < chosen->pex_asked)) chosen = channel.get();
  }
  pex_due_ = now + (chosen == nullptr ? kPexRetry : kPexInterval);
  if (chosen == nullptr) return;
  chosen->pex_asked = now;
  chosen->to_ask_for_peers = true;
}

void LiveSwarm::answer_addresses(Instant now, Channel& channel, Outbox& out) {
  const bool may = config_.pex == Pex::kEverywhere || (config_.pex == Pex::kPrivateNetworks && is_private(channel.endpoint));
  if (!may || (channel.pex_answered != Instant{} && now - channel.pex_answered < kPexAnswerInterval)) return;
  channel.pex_answered = now;
  DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
  std::size_t count = 0;
  for (std::size_t i = 0; i < channels_.size() && count < kMaxAddresses; ++i) {
    const Channel& other = *channels_[(i + turn_) % channels_.size()];
    if (&other == &channel || !other.open || now - other.heard > kLiveliness) continue;
    if (is_private(other.endpoint) && !is_private(channel.endpoint)) continue;
    if (!writer.add(other.endpoint.is_v4() ? Message(PexV4{other.endpoint}) : Message(PexV6{other.endpoint}))) break;
    ++count;
  }
  if (count == 0) {
    out.arena.resize(writer.begin());
  } else {
    commit(now, channel, writer, out);
  }
}

void LiveSwarm::take_address(Instant now, Channel& channel, const Endpoint& endpoint) {
  const bool asked = channel.pex_asked != Instant{} && now - channel.pex_asked < kPexInterval;
  const bool leaks = is_private(endpoint) && !is_private(channel.endpoint);
  if (!asked || leaks || endpoint.port == 0 || endpoint.is_unspecified() || relay::is_link(endpoint) || banned_.contains(endpoint)) return;
  if (find(endpoint) != nullptr || channels_.size() + candidates_.size() >= kEnoughListeners) return;
  candidates_.insert(endpoint);
}

void LiveSwarm::take_request(Instant now, Channel& channel, ChunkRange chunks) {
  const bool newcomer = channel.asked_us == Instant{} || now - channel.asked_us > kListensStill;
  channel.asked_us = now;
  channel.unchoke_unused = false;
  if (newcomer && !channel.choked_by_us) {
    const auto served = std::count_if(channels_.begin(), channels_.end(), [&](const auto& other) {
      return other.get() != &channel && other->open && !other->choked_by_us && other->asked_us != Instant{} && now - other->asked_us <= kListensStill;
    });
    channel.choked_by_us = static_cast<std::size_t>(served) >= config_.slots;
  }
  if (channel.choked_by_us) {
    channel.to_choke = true;
  } else {
    channel.upload.request(now, intersection(chunks, {window_begin(), end_of_stream()}), channel.has);
  }
}

/// A slot that is free goes to the choked peer that asked longest ago: who was refused may not ask, so time is its claim.
void LiveSwarm::fill_slots(Instant now) {
  if (now < served_round_) return;
  served_round_ = now + kSlotRound;
  for (const auto& channel : channels_) {
    // An UNCHOKE that is not used was lost, or not needed.
    if (!channel->unchoke_unused || now - channel->asked_us <= kListensStill) continue;
    channel->unchoke_unused = false;
    channel->choked_by_us = true;
  }
  const auto served = std::count_if(channels_.begin(), channels_.end(), [&](const auto& channel) {
    return channel->open && !channel->choked_by_us && channel->asked_us != Instant{} && now - channel->asked_us <= kListensStill;
  });
  if (static_cast<std::size_t>(served) >= config_.slots) return;
  Channel* next = nullptr;
  for (const auto& channel : channels_) {
    if (channel->open && channel->choked_by_us && (next == nullptr || channel->asked_us < next->asked_us)) next = channel.get();
  }
  if (next == nullptr) return;
  next->choked_by_us = false;
  next->asked_us = now;  // a moment to use it
  next->to_choke = false;
  next->to_unchoke = next->unchoke_unused = true;
}

void LiveSwarm::tell_munro(Instant now, Channel& channel, const Munro& munro, Outbox& out) {
  DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
  writer.add(IntegrityHash{munro.bin.chunks(), ByteView(munro.hash).first(format_.hash_size)});
  writer.add(SignedIntegrity{munro.bin.chunks(), munro.ntp_timestamp, munro.signature});
  commit(now, channel, writer, out);
}

void LiveSwarm::speak(Instant now, Channel& channel, Outbox& out) {
  if (owes_munro(channel)) {
    const MunroTree& newest = munros_.rbegin()->second;
    const bool told = channel.munro_told == newest.chunks().end && now - channel.munro_told_at < kMunroAgain;
    if (!told) {
      tell_munro(now, channel, newest.munro(), out);
      channel.munro_told = newest.chunks().end;
      channel.munro_told_at = now;
    }
  }
  DatagramFiller speech(out.arena, channel.theirs, format_, kMaxDatagram,
                        [&](const DatagramWriter& writer) { commit(now, channel, writer, out); });
  for (const ChunkRange& run : channel.to_acknowledge.ranges()) {
    if (verified_.contains(run.begin)) speech.add(Ack{verified_.around(run.begin), channel.delay_us});
  }
  for (const ChunkRange& run : channel.to_announce.ranges()) {
    const ChunkRange whole = verified_.around(run.begin);
    if (!whole.empty() && !channel.has.contains_all(whole)) speech.add(Have{whole});
  }
  for (const ChunkRange& run : channel.to_request.ranges()) speech.add(Request{run});
  if (channel.to_choke) speech.add(Choke{});
  if (channel.to_unchoke) speech.add(Unchoke{});
  if (channel.to_ask_for_peers) speech.add(PexRequest{});
  channel.to_acknowledge.clear();
  channel.to_announce.clear();
  channel.to_request.clear();
  channel.to_choke = channel.to_unchoke = channel.to_ask_for_peers = false;
  speech.close(now - channel.said >= kKeepAlive);
}

void LiveSwarm::serve(Instant now, Outbox& out) {
  if (channels_.empty()) return;
  const std::size_t first = turn_++ % channels_.size();
  for (bool served = true; served;) {
    served = false;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      Channel& channel = *channels_[(first + i) % channels_.size()];
      if (!channel.open || channel.choked_by_us || channel.upload.is_queue_empty()) continue;
      const auto run = channel.upload.next(now, verified_, config_.chunks_per_munro);
      if (!run) continue;
      served = true;
      send_run(now, channel, *run, out);
    }
  }
}

/// Section 6.1.2.3: the munro first unless the peer has shown a chunk below it, then missing uncles and chunk together.
void LiveSwarm::send_run(Instant now, Channel& channel, ChunkRange run, Outbox& out) {
  for (std::uint64_t chunk = run.begin; chunk < run.end; ++chunk) {
    const MunroTree* tree = tree_of(chunk);
    if (tree == nullptr) continue;
    const bool first_of_munro = chunk == run.begin || chunk == tree->chunks().begin;
    if (first_of_munro && !channel.has.contains_any(tree->chunks())) tell_munro(now, channel, tree->munro(), out);
    DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
    for (const Node& uncle : tree->uncles(chunk, channel.has)) {
      writer.add(IntegrityHash{uncle.bin.chunks(), ByteView(uncle.hash).first(format_.hash_size)});
    }
    writer.add(Data{{chunk, chunk + 1}, microseconds(now), tree->chunk(chunk)});
    commit(now, channel, writer, out);
    ++counters_.chunks_sent;
  }
}

/// Section 6.1.2.4: until it has shown that munro or a newer one.
bool LiveSwarm::owes_munro(const Channel& channel) const {
  if (munros_.empty()) return false;
  const std::uint64_t shown = std::max(channel.munro_shown, channel.has.empty() ? 0 : channel.has.ranges().back().end);
  return shown <= munros_.rbegin()->second.chunks().begin;
}

void LiveSwarm::update_deadline(Instant now) {
  if (due_) {
    deadline_ = now;
    return;
  }
  Instant next = kNever;
  for (const auto& channel : channels_) {
    if (!channel->open) {
      next = std::min(next, channel->dialled ? channel->redial : channel->began + kHalfOpenTime);
      continue;
    }
    next = std::min({next, channel->said + kKeepAlive, channel->download.next_deadline(), channel->upload.next_deadline(now)});
    if (owes_munro(*channel)) next = std::min(next, std::max(now + 1ms, channel->munro_told_at + kMunroAgain));
    if (channel->choked_by_us) next = std::min(next, std::max(now + 1ms, served_round_));
  }
  if (!signer_ && tuned_in_ && channels_.size() < kEnoughListeners && !channels_.empty()) next = std::min(next, std::max(now + 1ms, pex_due_));
  deadline_ = next;
}

}  // namespace earshot::stream::ppspp
