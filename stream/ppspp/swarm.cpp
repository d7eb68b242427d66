// What comes in: handshakes, messages, chunks and their verification.
#include "stream/ppspp/swarm.h"

#include <algorithm>

#include "schema/check.h"
#include "stream/ppspp/sha256.h"

namespace earshot::stream::ppspp {

namespace {

/// Runs that a peer may announce: 1,024 x 16 bytes. More: it has them, we do not ask it for them.
constexpr std::size_t kMaxRuns = 1024;

/// Malformed datagrams that an open channel survives; bits flip on the way, programs have dialects.
constexpr std::uint32_t kMaxMalformed = 8;

/// Chunks that wait for their proof, in all: 512 KiB. More: dropped, they will be asked for again.
constexpr std::size_t kMaxStashed = 512;

/// Peers whose record is kept. More: the newcomer has none.
constexpr std::size_t kMaxRecords = 512;

std::uint64_t microseconds(Instant now) { return static_cast<std::uint64_t>(now.time_since_epoch().count()); }

SupportedMessages our_messages() {
  SupportedMessages messages;
  for (const Kind kind : {Kind::kHandshake, Kind::kData, Kind::kAck, Kind::kHave, Kind::kIntegrity, Kind::kRequest,
                          Kind::kCancel, Kind::kChoke, Kind::kUnchoke}) {
    messages.add(kind);
  }
  return messages;
}

}  // namespace

Swarm::Swarm(const Digest32& root, const SwarmConfig& config, ChannelIds& ids)
    : root_(root), config_(config), ids_(&ids) {
  format_.addressing = config.addressing;
  format_.chunk_size = config.chunk_size;
}

Swarm::~Swarm() {
  for (const auto& channel : channels_) ids_->release(channel->ours);
}

void Swarm::restore(const Possession& possession) {
  EARSHOT_CHECK(!tree_ && root_of(possession.peaks) == root_);
  tree_.emplace(root_, possession.peaks);
  for (const auto& [index, page] : possession.pages) tree_->adopt_page(index, page);
  size_ = possession.size;
  verified_ = possession.verified;
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
  if (channel == nullptr || channel->endpoint != from || (awaits_handshake && !leading_handshake(datagram))) {
    ++counters_.strays;
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

// --- Handshakes ------------------------------------------------------------------------------------------------------

Options Swarm::our_options() const {
  Options options;
  options.version = kVersion;
  options.integrity = static_cast<std::uint8_t>(Integrity::kMerkle);
  options.merkle_hash = static_cast<std::uint8_t>(MerkleHash::kSha256);
  options.addressing = static_cast<std::uint8_t>(config_.addressing);
  options.supported = our_messages();
  options.chunk_size = config_.chunk_size;
  return options;
}

/// What the RFC says MUST be there, and what must agree.
bool Swarm::accepts(const Options& options) const {
  const Options ours = our_options();
  const bool version = options.version && *options.version >= kVersion && options.minimum_version.value_or(0) <= kVersion;
  const bool swarm = !options.swarm_id || std::equal(options.swarm_id->begin(), options.swarm_id->end(), root_.begin(), root_.end());
  return version && swarm && options.integrity == ours.integrity && options.merkle_hash == ours.merkle_hash &&
         options.addressing == ours.addressing && options.chunk_size == ours.chunk_size;
}

void Swarm::add_peer(Instant now, const Endpoint& endpoint, Outbox& out) {
  if (endpoint.port == 0 || endpoint.is_unspecified() || is_banned(endpoint) || find(endpoint) != nullptr) return;
  const auto known = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& candidate) { return candidate.endpoint == endpoint; });
  if (known != candidates_.end()) {
    known->not_before = now;
  } else if (candidates_.size() < config_.max_candidates) {
    candidates_.push_back({endpoint, now, 0});
  }
  dial_candidates(now, out);
  update_deadline(now);
}

void Swarm::dial(Instant now, Channel& channel, Outbox& out) {
  Options options = our_options();
  options.minimum_version = kVersion;
  options.swarm_id = root_;
  DatagramWriter writer(out.arena, kNoChannel, format_, kMaxDatagram);
  EARSHOT_CHECK(writer.add(Handshake{channel.ours, options}));
  channel.redial = now + Duration(250ms) * (std::int64_t{1} << std::min(channel.dials, 5u));
  ++channel.dials;
  commit(now, channel, writer, out);
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
  channel->heard = now;
  channel->bytes_in += datagram.size();
  counters_.unproven_in += datagram.size();
  while (const auto message = reader.next()) {
    if (const auto* have = std::get_if<Have>(&*message)) channel->has.insert(have->chunks, kMaxRuns);
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
  if (writer.add(Handshake{channel.ours, our_options()})) {
    const auto runs = verified_.ranges();
    const auto unsaid = std::find_if(runs.begin(), runs.end(), [&](const ChunkRange& run) { return !writer.add(Have{run}); });
    channel.told = unsaid == runs.end() ? verified_.size() : 0;
  }
  commit(now, channel, writer, out);
}

void Swarm::open(Instant now, Channel& channel) {
  // A peer that started anew leaves its old channel behind.
  if (Channel* old = find(channel.endpoint, &channel); old != nullptr && old->state == Channel::State::kOpen) remove(*old);
  channel.state = Channel::State::kOpen;
  channel.heard = now;
  channel.redial = kNever;
  channel.owes_overview = channel.told != verified_.size();
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

// --- Messages --------------------------------------------------------------------------------------------------------

bool Swarm::take(Instant now, Channel& channel, const Have& message, Outbox&) {
  channel.has.insert(message.chunks, kMaxRuns);
  channel.upload.acknowledged(now, message.chunks, std::nullopt);
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const Ack& message, Outbox&) {
  channel.has.insert(message.chunks, kMaxRuns);
  channel.upload.acknowledged(now, message.chunks, message.delay_us);
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const Request& message, Outbox&) {
  if (tree_) channel.upload.request(now, intersection(message.chunks, {0, chunk_count()}), channel.has);
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
  if (channel.claim.add(node, root_)) return settle_claim(now, channel, out);
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
  const Digest32 leaf = sha256(message.bytes);
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

// --- Verification ----------------------------------------------------------------------------------------------------

/// Every chunk but the last is of full size. Which one is last, the smallest claim says.
bool Swarm::fits(const Channel& channel, std::uint64_t chunk, std::size_t size) const {
  if (size == config_.chunk_size) return true;
  if (tree_) return chunk + 1 == chunk_count();
  return channel.claim.settled() && chunk + 1 == channel.claim.chunk_count();
}

Verdict Swarm::judge(Channel& channel, std::uint64_t chunk, const Digest32& leaf, std::size_t size, Outbox& out) {
  if (tree_) return chunk < chunk_count() ? tree_->admit(chunk, leaf, channel.hints) : Verdict::kUnprovable;
  // No chunk has verified yet: this one is judged by its sender's claim, and proves the claim if it verifies.
  if (!channel.claim.settled() || chunk >= channel.claim.chunk_count()) return Verdict::kUnprovable;
  constexpr std::size_t kSizeOfTwoHashes = 64;
  if (size == kSizeOfTwoHashes) return channel.claim.chunk_count() == 1 ? Verdict::kForged : Verdict::kUnprovable;
  const Verdict verdict = climb_to_peak(channel.claim.peaks(), chunk, leaf, channel.hints);
  if (verdict != Verdict::kVerified) return verdict;
  tree_.emplace(root_, channel.claim.peaks());
  announce_size(out);
  return tree_->admit(chunk, leaf, channel.hints);
}

void Swarm::announce_size(Outbox& out) {
  out.effects.push_back(Sized{chunk_count(), size_, {tree_->peaks().begin(), tree_->peaks().end()}});
}

void Swarm::accept(Channel& channel, std::uint64_t chunk, ByteView bytes, Outbox& out) {
  const ChunkRange one{chunk, chunk + 1};
  verified_.insert(one);
  picker_.claim(one);
  channel.to_acknowledge.insert(one);
  channel.has.insert(one, kMaxRuns);
  channel.bytes_verified += bytes.size();
  if (Record* kept = record(channel.endpoint)) kept->bytes += bytes.size();
  news_.insert(one);
  learned_ = learned_ || !stash_.empty();
  for (const auto& other : channels_) {
    if (other.get() == &channel || other->download.outstanding() == 0) continue;
    if (other->download.drop(one) > 0) other->to_cancel.insert(one);
  }
  out.effects.push_back(Keep{chunk, bytes});
  if (chunk + 1 == chunk_count()) {
    size_ = chunk * config_.chunk_size + bytes.size();
    announce_size(out);
  }
  const std::uint64_t page = chunk / kPageChunks;
  const ChunkRange under_page = intersection({page * kPageChunks, (page + 1) * kPageChunks}, {0, chunk_count()});
  if (page < tree_->shape().low_pages() && verified_.contains_all(under_page)) {
    if (auto full = tree_->release_page(page)) {
      out.effects.push_back(KeepPage{page, full.get()});
      retired_.push_back(std::move(full));
    }
  }
}

void Swarm::retry_stash(Instant now, Outbox& out) {
  while (learned_) {
    learned_ = false;
    for (std::size_t i = 0; i < stash_.size();) {
      Channel* channel = find(stash_[i].channel);
      const Stashed& waiting = stash_[i];
      auto verdict = Verdict::kUnprovable;
      const bool settled = verified_.contains(waiting.chunk);
      if (channel != nullptr && !settled && fits(*channel, waiting.chunk, waiting.bytes.size())) {
        verdict = judge(*channel, waiting.chunk, waiting.leaf, waiting.bytes.size(), out);
      }
      if (!settled && verdict == Verdict::kUnprovable) {
        ++i;
        continue;
      }
      const Stashed taken = std::move(stash_[i]);
      stash_.erase(stash_.begin() + static_cast<std::ptrdiff_t>(i));
      if (verdict == Verdict::kVerified) {
        spent_.push_back(taken.bytes);
        accept(*channel, taken.chunk, spent_.back(), out);
      } else if (verdict == Verdict::kForged) {
        ++counters_.forged;
        picker_.release({taken.chunk, taken.chunk + 1});
        ban(now, *channel, fmt::format("chunk {} failed verification", taken.chunk), out);
        i = 0;
      }
    }
  }
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
  if (channel.state == Channel::State::kHalfOpen) {
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
