// Who is there, and is it where it says: dialling, greeting, agreeing, leaving.
#include <algorithm>

#include "schema/check.h"
#include "stream/ppspp/peer_limits.h"
#include "stream/ppspp/swarm.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::ppspp {

namespace {

/// Addresses that may be a peer's new one, remembered until they have sent enough. Full: the oldest is forgotten.
constexpr std::size_t kMaxMovers = 16;

}  // namespace

Agreement Swarm::agreement(bool draft10) const {
  Agreement ours;
  ours.swarm_id = swarm_id();
  ours.hash = config_.hash;
  ours.addressing = config_.addressing;
  ours.chunk_size = config_.chunk_size;
  ours.draft10 = draft10;
  return ours;
}

bool Swarm::accepts(const Options& options) {
  std::string why = misfit(options, agreement(!options.chunk_size && speaks_draft10()));
  if (why.empty()) return true;
  ++counters_.refused;
  last_refusal_ = std::move(why);
  return false;
}

void Swarm::add_peer(Instant now, const Endpoint& endpoint, Outbox& out) {
  if (endpoint.port == 0 || endpoint.is_unspecified() || is_banned(endpoint) || find(endpoint) != nullptr) return;
  const Instant not_before = relay::is_link(endpoint) ? now + kLinkPatience : now;
  const auto known = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& candidate) { return candidate.endpoint == endpoint; });
  if (known != candidates_.end()) {
    known->not_before = not_before;
  } else if (candidates_.size() < config_.max_candidates) {
    candidates_.push_back({endpoint, not_before, 0, /*hearsay=*/false});
  }
  dial_candidates(now, out);
  update_deadline(now);
}

void Swarm::dial(Instant now, Channel& channel, Outbox& out) {
  channel.draft10 = speaks_draft10() && channel.dials >= kSilentDials && channel.dials % 2 == 0;
  Options options = options_of(agreement(channel.draft10));
  options.minimum_version = kVersion;
  options.swarm_id = swarm_id();
  DatagramWriter writer(out.arena, kNoChannel, format_, kMaxDatagram);
  EARSHOT_CHECK(writer.add(Handshake{channel.ours, options}));
  channel.redial = now + Duration(250ms) * (std::int64_t{1} << std::min(channel.dials, 5u));
  ++channel.dials;
  commit(now, channel, writer, out);
}

/// Somebody who knows a channel's id sends from another address: a router may have given our peer a new one, or a stranger
/// has seen the id on the wire. The new address is asked by a handshake, once it has paid for that in bytes; nothing of the
/// old channel goes there.
void Swarm::look_elsewhere(Instant now, const Channel& known, const Endpoint& from, std::size_t bytes, Outbox& out) {
  if (find(from) != nullptr || is_banned(from)) return;
  auto mover = std::find_if(movers_.begin(), movers_.end(), [&](const Mover& m) { return m.from == from; });
  if (mover == movers_.end()) {
    if (movers_.size() >= kMaxMovers) movers_.erase(movers_.begin());
    movers_.push_back({from, 0});
    mover = movers_.end() - 1;
  }
  mover->bytes += bytes;
  constexpr std::uint64_t kGreetingSize = 96;  // ours has 84 octets
  if (mover->bytes < kGreetingSize || channels_.size() >= config_.max_open) return;
  movers_.erase(mover);
  auto channel = std::make_unique<Channel>();
  channel->ours = ids_->draw(*this);
  channel->endpoint = from;
  channel->replaces = known.ours;
  channel->dials = kMaxDials - 1;  // one greeting is paid for
  channel->began = channel->heard = now;
  channels_.push_back(std::move(channel));
  dial(now, *channels_.back(), out);
  update_deadline(now);
}

/// The first datagram of a stranger. Whatever does not fit is met with silence: the address may be forged.
void Swarm::meet(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) {
  MessageReader reader(datagram, format_);
  const auto first = reader.next();
  const auto* handshake = first ? std::get_if<Handshake>(&*first) : nullptr;
  if (handshake == nullptr || handshake->source == kNoChannel) {
    ++counters_.malformed;
    return;
  }
  const Options& options = handshake->options;
  if (!options.swarm_id || !options.minimum_version || !accepts(options)) return;
  Channel* channel = greeted_by(now, from, handshake->source);
  if (channel == nullptr) return;
  channel->theirs = handshake->source;
  channel->supported = options.supported;
  channel->draft10 = !options.chunk_size;
  channel->heard = now;
  channel->bytes_in += datagram.size();
  counters_.unproven_in += datagram.size();
  while (const auto message = reader.next()) {
    if (const auto* have = std::get_if<Have>(&*message)) channel->has.insert(have->chunks, Channel::kMaxRuns);
  }
  answer(now, *channel, out);
}

/// The half-open channel that answers a greeting; null when there is none to be had, or an answer would be wrong.
Channel* Swarm::greeted_by(Instant now, const Endpoint& from, ChannelId source) {
  for (const auto& channel : channels_) {
    if (channel->endpoint != from) continue;
    // Both dialled at once: each answers on the channel on which it dialled.
    if (channel->state == Channel::State::kDialling) channel->state = Channel::State::kHalfOpen;
    if (channel->state == Channel::State::kHalfOpen) return channel.get();
    if (channel->theirs == source) return nullptr;
  }
  std::size_t half_open = 0, open = 0;
  Channel* oldest = nullptr;
  for (const auto& channel : channels_) {
    if (channel->state == Channel::State::kOpen) ++open;
    if (channel->state != Channel::State::kHalfOpen) continue;
    ++half_open;
    if (oldest == nullptr || channel->began < oldest->began) oldest = channel.get();
  }
  if (open >= config_.max_open) return nullptr;
  if (half_open >= config_.max_half_open) remove(*oldest);
  auto channel = std::make_unique<Channel>();
  channel->ours = ids_->draw(*this);
  channel->endpoint = from;
  channel->state = Channel::State::kHalfOpen;
  channel->began = now;
  channels_.push_back(std::move(channel));
  return channels_.back().get();
}

void Swarm::answer(Instant now, Channel& channel, Outbox& out) {
  const std::uint64_t allowance = channel.bytes_in - std::min(channel.bytes_in, channel.bytes_out);
  DatagramWriter writer(out.arena, channel.theirs, format_, std::min<std::uint64_t>(allowance, kMaxDatagram));
  if (writer.add(Handshake{channel.ours, options_of(agreement(channel.draft10))})) {
    const auto runs = verified_.ranges();
    const auto unsaid = std::find_if(runs.begin(), runs.end(), [&](const ChunkRange& run) { return !writer.add(Have{run}); });
    channel.told = unsaid == runs.end() ? verified_.size() : 0;
  }
  commit(now, channel, writer, out);
}

void Swarm::open(Instant now, Channel& channel) {
  // A peer that started anew leaves its old channel behind.
  if (Channel* old = find(channel.endpoint, &channel); old != nullptr && old->state == Channel::State::kOpen) remove(*old);
  if (Channel* moved = find(channel.replaces); moved != nullptr) remove(*moved);
  channel.state = Channel::State::kOpen;
  channel.heard = now;
  channel.redial = kNever;
  if (channel.told != verified_.size()) channel.to_announce = verified_;
  channel.keep_alive = 1s;
  answered_ = true;
  record(channel.endpoint);
}

/// Section 8.4: a handshake from channel 0 with nothing in it closes the channel.
void Swarm::say_good_bye(Instant now, Channel& channel, Outbox& out) {
  if (channel.theirs == kNoChannel || channel.state != Channel::State::kOpen) return;
  DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
  writer.add(Handshake{kNoChannel, {}});
  commit(now, channel, writer, out);
}

bool Swarm::take(Instant now, Channel& channel, const Handshake& message, Outbox& out) {
  if (message.source == kNoChannel) {
    remove(channel);
    return false;
  }
  if (channel.state == Channel::State::kOpen) return message.source == channel.theirs;
  channel.theirs = message.source;
  if (!accepts(message.options)) {
    channel.state = Channel::State::kOpen;  // it did echo our channel id, so it may be told
    say_good_bye(now, channel, out);
    remove(channel);
    return false;
  }
  if (channel.dials == 1) {
    channel.upload.sample_round_trip(now - channel.began);
    channel.download.sample_round_trip(now - channel.began);
  }
  channel.supported = message.options.supported;
  open(now, channel);
  return true;
}

}  // namespace earshot::stream::ppspp
