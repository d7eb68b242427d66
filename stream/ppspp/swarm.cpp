// What comes in, message by message; the channels that it comes on.
#include "stream/ppspp/swarm.h"

#include <algorithm>

#include "schema/check.h"
#include "schema/defence.h"

namespace earshot::stream::ppspp {

namespace {

/// Malformed datagrams that an open channel survives; bits flip on the way, programs have dialects.
constexpr std::uint32_t kMaxMalformed = 8;

/// Chunks that wait for their proof, in all: 512 KiB. More: dropped, they will be asked for again.
constexpr std::size_t kMaxStashed = 512;

/// Peers whose record is kept. More: the newcomer has none.
constexpr std::size_t kMaxRecords = 512;

}  // namespace

Swarm::Swarm(const Digest32& root, const SwarmConfig& config, ChannelIds& ids, Allowance* allowance)
    : root_(root), config_(config), ids_(&ids), allowance_(allowance), choker_(config.upload_slots), start_(ids.draw_number()) {
  format_.addressing = config.addressing;
  EARSHOT_CHECK(check(config).has_value());
  format_.chunk_size = config.chunk_size;
  format_.hash_size = hash_size(config.hash);
}

Result<void> check(const SwarmConfig& config) {
  constexpr std::size_t kLongestHead = 4 + 1 + 16 + 8;  // of a DATA datagram
  if (!is_carried(config.hash)) {
    return fail(ErrorCode::kUnsupported, "trees of {} are not supported: their nodes have more than 32 octets", to_string(config.hash));
  }
  if (!is_spoken(static_cast<std::uint8_t>(config.addressing))) return fail(ErrorCode::kUnsupported, "chunks named by bytes are not supported");
  if (config.chunk_size == 0 || config.chunk_size > kMaxDatagram - kLongestHead) {
    return fail(ErrorCode::kUnsupported, "chunks of {} bytes are not supported: a datagram carries 1 to {}", config.chunk_size, kMaxDatagram - kLongestHead);
  }
  return {};
}

Swarm::~Swarm() {
  for (const auto& channel : channels_) ids_->release(channel->ours);
}

void Swarm::restore(const Possession& possession) {
  EARSHOT_CHECK(!tree_ && root_of(possession.peaks, config_.hash) == root_);
  tree_.emplace(root_, possession.peaks, config_.hash);
  for (const auto& [index, page] : possession.pages) tree_->adopt_page(index, page);
  size_ = possession.size;
  verified_ = possession.verified;
  picker_.know_length(chunk_count());
  for (const ChunkRange& run : verified_.ranges()) picker_.claim(run);
}

void Swarm::receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) {
  retired_.clear();
  spent_.clear();
  ++counters_.datagrams_in;
  const auto destination = destination_of(datagram);
  if (!destination || is_banned(from)) {
    ++counters_.strays;
    return;
  }
  if (*destination == kNoChannel) {
    meet(now, from, datagram, out);
    return update_deadline(now);
  }
  Channel* channel = find(*destination);
  const bool awaits_handshake = channel != nullptr && channel->state == Channel::State::kDialling;
  const bool is_elsewhere = stands(Defence::kChannelAddress) && channel != nullptr && channel->endpoint != from;
  if (channel == nullptr || is_elsewhere || (awaits_handshake && !leading_handshake(datagram))) {
    ++counters_.strays;
    if (channel != nullptr && channel->state == Channel::State::kOpen) look_elsewhere(now, *channel, from, datagram.size(), out);
    return;
  }
  channel->heard = now;
  channel->unanswered = 0;
  if (channel->state == Channel::State::kHalfOpen) open(now, *channel);
  due_ = true;

  MessageReader reader(datagram, format_);
  while (const auto message = reader.next()) {
    const bool go_on = std::visit([&](const auto& m) { return take(now, *channel, m, out); }, *message);
    if (!go_on) return update_deadline(now);
  }
  if (reader.malformed()) {
    ++counters_.malformed;
    if (++channel->malformed > kMaxMalformed) ban(now, *channel, "sent malformed datagrams", out);
  }
  update_deadline(now);
}

// --- Messages --------------------------------------------------------------------------------------------------------

bool Swarm::take(Instant now, Channel& channel, const Have& message, Outbox&) {
  channel.has.insert(message.chunks, Channel::kMaxRuns);
  channel.upload.acknowledged(now, message.chunks, std::nullopt);
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const Ack& message, Outbox&) {
  channel.has.insert(message.chunks, Channel::kMaxRuns);
  channel.upload.acknowledged(now, message.chunks, message.delay_us);
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const Request& message, Outbox&) {
  if (!tree_) return true;
  const bool newcomer = channel.asked_us == Instant{};
  if (newcomer && !has_free_slot()) refuse(now, channel);
  channel.asked_us = now;
  if (!channel.choked_by_us) {
    channel.upload.request(now, intersection(message.chunks, {0, chunk_count()}), channel.has);
  } else if (!newcomer) {
    channel.to_choke = true;  // the first one may have been lost (section 12.6.8)
  }
  return true;
}

bool Swarm::take(Instant, Channel& channel, const Cancel& message, Outbox&) {
  channel.upload.cancel(message.chunks);
  return true;
}

bool Swarm::take(Instant, Channel& channel, const Choke&, Outbox&) {
  channel.chokes_us = true;
  const ChunkSet pending = channel.download.pending();
  for (const ChunkRange& run : pending.ranges()) channel.download.drop(run);
  release(pending);
  return true;
}

bool Swarm::take(Instant, Channel& channel, const Unchoke&, Outbox&) {
  channel.chokes_us = false;
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const IntegrityHash& message, Outbox& out) {
  const auto bin = Bin::covering(message.chunks);
  if (!bin) return true;
  Node node{*bin, {}};
  std::copy(message.hash.begin(), message.hash.end(), node.hash.begin());
  learned_ = learned_ || !stash_.empty();
  if (channel.claim.add(node, root_, config_.hash)) return settle_claim(now, channel, out);
  if (!tree_) {
    if (node.hash != kEmptyHash) channel.hints.add(node);
    return true;
  }
  if (!tree_->shape().is_filled(node.bin) || node.bin == tree_->shape().root()) return true;
  if (const auto known = tree_->known(node.bin)) {
    if (*known == node.hash) return true;
    ++counters_.forged;
    ban(now, channel, "sent a hash that contradicts the content id", out);
    return false;
  }
  channel.hints.add(node);
  return true;
}

/// Of two claims that lead to the root, the smaller of the same height is the true one (merkle_tree.h).
bool Swarm::settle_claim(Instant now, Channel& channel, Outbox& out) {
  const std::uint64_t claimed = channel.claim.chunk_count();
  if (!tree_ || claimed == chunk_count()) return true;
  if (tree_height(claimed) != tree_->shape().height() || claimed > chunk_count()) {
    ban(now, channel, "claims a length that the content does not have", out);
    return false;
  }
  tree_->shrink(channel.claim.peaks());
  if (verified_.contains(claimed - 1)) size_ = claimed * config_.chunk_size;  // of full size, or it had not fitted
  announce_size(out);
  for (std::size_t i = channels_.size(); i > 0; --i) {
    Channel& other = *channels_[i - 1];
    if (other.claim.settled() && other.claim.chunk_count() > claimed) {
      ban(now, other, "claimed a length that the content does not have", out);
    }
  }
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const Data& message, Outbox& out) {
  const std::uint64_t chunk = message.chunks.begin;
  channel.delay_us = microseconds(now) - message.timestamp_us;
  const bool wanted = channel.download.arrived(now, chunk);
  if (verified_.contains(chunk)) {
    ++counters_.duplicates;
    channel.to_acknowledge.insert({chunk, chunk + 1});
    return true;
  }
  if (!wanted) return true;
  if (!fits(channel, chunk, message.bytes.size())) {
    ++counters_.unprovable;
    picker_.release({chunk, chunk + 1});
    return true;
  }
  const Digest32 leaf = chunk_hash(config_.hash, message.bytes);
  switch (judge(channel, chunk, leaf, message.bytes.size(), out)) {
    case Verdict::kVerified:
      accept(channel, chunk, message.bytes, out);
      return true;
    case Verdict::kUnprovable:
      ++counters_.unprovable;
      if (stash_.size() < kMaxStashed) {
        stash_.push_back({channel.ours, chunk, leaf, Bytes(message.bytes.begin(), message.bytes.end()), now});
      } else {
        picker_.release({chunk, chunk + 1});
      }
      return true;
    case Verdict::kForged:
      ++counters_.forged;
      picker_.release({chunk, chunk + 1});
      ban(now, channel, fmt::format("chunk {} failed verification", chunk), out);
      return false;
  }
  return true;
}

// --- Channels --------------------------------------------------------------------------------------------------------

Channel* Swarm::find(ChannelId id) {
  for (const auto& channel : channels_) {
    if (channel->ours == id) return channel.get();
  }
  return nullptr;
}

Channel* Swarm::find(const Endpoint& endpoint, const Channel* except) {
  for (const auto& channel : channels_) {
    if (channel->endpoint == endpoint && channel.get() != except) return channel.get();
  }
  return nullptr;
}

/// The one place where datagrams leave for a channel, and where an unproven address is kept from costing anyone anything.
bool Swarm::commit(Instant now, Channel& channel, const DatagramWriter& writer, Outbox& out) {
  if (stands(Defence::kUnprovenAddress) && channel.state == Channel::State::kHalfOpen) {
    if (writer.is_keep_alive() || channel.bytes_out + writer.size() > channel.bytes_in) {
      ++counters_.withheld;
      out.arena.resize(writer.begin());
      return false;
    }
    channel.bytes_out += writer.size();
    counters_.unproven_out += writer.size();
  }
  out.effects.push_back(Send{channel.endpoint, writer.begin(), writer.size()});
  channel.said = now;
  ++channel.unanswered;
  return true;
}

void Swarm::release(const ChunkSet& chunks) {
  for (const ChunkRange& run : chunks.ranges()) {
    doubled_.erase(run);
    // What is here, or waits for its proof, stays claimed.
    for (ChunkRange rest = run; !rest.empty();) {
      const ChunkRange gap = verified_.first_gap(rest);
      if (gap.empty()) break;
      picker_.release(gap);
      rest.begin = gap.end;
    }
  }
}

void Swarm::remove(Channel& channel) {
  release(channel.download.pending());
  std::erase_if(stash_, [&](const Stashed& waiting) {
    if (waiting.channel != channel.ours) return false;
    if (!verified_.contains(waiting.chunk)) picker_.release({waiting.chunk, waiting.chunk + 1});
    return true;
  });
  ids_->release(channel.ours);
  due_ = true;
  std::erase_if(channels_, [&](const auto& other) { return other.get() == &channel; });
}

void Swarm::ban(Instant now, Channel& channel, std::string reason, Outbox& out) {
  ++counters_.bans;
  if (Record* kept = record(channel.endpoint)) kept->banned = std::move(reason);
  say_good_bye(now, channel, out);
  remove(channel);
}

bool Swarm::is_banned(const Endpoint& endpoint) const {
  const auto at = records_.find(endpoint);
  return at != records_.end() && !at->second.banned.empty();
}

Swarm::Record* Swarm::record(const Endpoint& endpoint) {
  const auto at = records_.find(endpoint);
  if (at != records_.end()) return &at->second;
  if (records_.size() >= kMaxRecords) return nullptr;
  return &records_[endpoint];
}

}  // namespace earshot::stream::ppspp
