// What comes in, and who is there.
#include "stream/ppspp/live/live_swarm.h"

#include <algorithm>

#include "schema/check.h"
#include "stream/ppspp/merkle_hash.h"
#include "stream/ppspp/peer_limits.h"

namespace earshot::stream::ppspp {

namespace {

constexpr std::size_t kMaxRuns = 256;        // that a peer may announce: a window of 2,048 chunks has no more
constexpr std::size_t kMaxBanned = 512;
constexpr std::size_t kMaxCandidates = 256;
constexpr std::uint64_t kMaxAgeSeconds = 60;  // of a munro, by its timestamp; clocks are set by hand in places
constexpr std::uint64_t kEndOfChunk32 = std::uint64_t{1} << 32;
constexpr std::size_t kMaxHalfOpen = 32;
constexpr Duration kLongAgo = 60s;

/// The RFC asks for a chunk size, draft 10 has none.
Dialect dialect_of(const Options& options) { return options.chunk_size ? Dialect::kRfc7574 : Dialect::kDraft10; }

}  // namespace

LiveSwarm::LiveSwarm(LiveKey key, const LiveConfig& config, Random random)
    : key_(std::move(key)), config_(config), random_(random) {
  EARSHOT_CHECK(std::has_single_bit(config.chunks_per_munro) && config.chunks_per_munro >= 2 && config.chunks_per_munro <= kPageChunks);
  format_.chunk_size = config.chunk_size;
  format_.signature_size = kSignatureSize;
  format_.addressing = form_.addressing = config.addressing;
  EARSHOT_CHECK(config.dialect == Dialect::kRfc7574 || may_speak_draft10());
  speak_in(config.dialect);
}

LiveSwarm::LiveSwarm(LiveSigner signer, const LiveConfig& config, Random random)
    : LiveSwarm(signer.key(), config, random) {
  signer_ = std::move(signer);
  tuned_in_ = 0;
  settled_ = true;
}

bool LiveSwarm::may_speak_draft10() const {
  return key_.algorithm() == LiveAlgorithm::kEcdsaP256 && config_.addressing == Addressing::kChunk32;
}

void LiveSwarm::speak_in(Dialect dialect) {
  config_.dialect = dialect;
  form_ = dialect == Dialect::kDraft10 ? MunroForm::draft10() : MunroForm{.addressing = config_.addressing};
  format_.hash_size = hash_size(form_.hash);
}

std::uint64_t LiveSwarm::timestamp(Instant now) const {
  const std::uint64_t us = microseconds(now);
  const std::uint64_t ntp = config_.ntp_at_zero + ((us / 1'000'000) << 32) + ((us % 1'000'000) << 32) / 1'000'000;
  if (config_.dialect == Dialect::kRfc7574) return ntp;
  return ((ntp >> 32) - kNtpOfUnixEpoch) * 1'000'000 + (((ntp & 0xffffffffu) * 1'000'000) >> 32);
}

std::uint64_t LiveSwarm::window_begin() const {
  const std::uint64_t end = end_of_stream();
  return end - std::min(end, config_.discard_window);
}

const MunroTree* LiveSwarm::tree_of(std::uint64_t chunk) const {
  auto at = munros_.upper_bound(chunk);
  if (at == munros_.begin()) return nullptr;
  --at;
  return at->second.chunks().contains(chunk) ? &at->second : nullptr;
}

ByteView LiveSwarm::get(std::uint64_t chunk) const {
  return verified_.contains(chunk) ? tree_of(chunk)->chunk(chunk) : ByteView();
}

// --- The injector ----------------------------------------------------------------------------------------------------

void LiveSwarm::append(Instant now, ByteView bytes, Outbox& out) {
  EARSHOT_CHECK(signer_.has_value());
  while (!bytes.empty()) {
    if (unsigned_.empty() || unsigned_.back().size() == config_.chunk_size) unsigned_.emplace_back();
    Bytes& chunk = unsigned_.back();
    const ByteView part = bytes.first(std::min<std::size_t>(bytes.size(), config_.chunk_size - chunk.size()));
    chunk.insert(chunk.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (unsigned_.size() == config_.chunks_per_munro && chunk.size() == config_.chunk_size) sign_next(now, out);
  }
}

void LiveSwarm::end(Instant now, Outbox& out) {
  EARSHOT_CHECK(signer_.has_value());
  if (unsigned_.empty()) return;
  unsigned_.resize(config_.chunks_per_munro);
  for (Bytes& chunk : unsigned_) chunk.resize(config_.chunk_size);
  sign_next(now, out);
}

void LiveSwarm::sign_next(Instant now, Outbox&) {
  const std::uint64_t first = end_of_stream();
  EARSHOT_CHECK(first + config_.chunks_per_munro < kEndOfChunk32);
  const ChunkRange chunks{first, first + config_.chunks_per_munro};
  munros_.emplace(first, MunroTree(*Bin::covering(chunks), std::exchange(unsigned_, {}), timestamp(now), *signer_, form_));
  ++counters_.munros;
  verified_.insert(chunks);
  for (const auto& channel : channels_) channel->to_announce.insert(chunks);
  discard_old();
  due_ = true;
  update_deadline(now);
}

void LiveSwarm::discard_old() {
  const std::uint64_t begin = window_begin();
  while (!munros_.empty() && munros_.begin()->second.chunks().end <= begin) munros_.erase(munros_.begin());
  verified_.erase({0, begin});
  claimed_.erase({0, begin});
  for (const auto& channel : channels_) {
    channel->has.erase({0, begin});
    channel->to_announce.erase({0, begin});
  }
}

// --- Handshakes ------------------------------------------------------------------------------------------------------

Agreement LiveSwarm::agreement(Dialect dialect) const {
  Agreement ours;
  ours.swarm_id = key_.swarm_id();
  ours.integrity = Integrity::kUnifiedMerkle;
  ours.draft10 = dialect == Dialect::kDraft10;
  ours.hash = ours.draft10 ? MerkleHash::kSha1 : MerkleHash::kSha256;
  ours.addressing = config_.addressing;
  ours.chunk_size = config_.chunk_size;
  ours.hash_is_said = false;
  return ours;
}

Options LiveSwarm::our_options(bool first, Dialect dialect) const {
  Options options = options_of(agreement(dialect));
  if (first) options.minimum_version = kVersion;
  if (first) options.swarm_id = key_.swarm_id();
  options.live_signature = static_cast<std::uint8_t>(key_.algorithm());
  options.live_discard_window = config_.discard_window;
  return options;
}

/// Empty: it fits. Without a chunk size it is draft 10's.
std::string LiveSwarm::why_not(const Options& options) const {
  Dialect dialect = dialect_of(options);
  if (dialect == Dialect::kDraft10 && !may_speak_draft10()) dialect = Dialect::kRfc7574;
  if (std::string why = misfit(options, agreement(dialect)); !why.empty()) return why;
  if (options.live_signature != static_cast<std::uint8_t>(key_.algorithm())) return "signs with another algorithm than the stream's key";
  if (!options.live_discard_window) return "names no discard window";
  if (settled_ && dialect != config_.dialect) return "speaks another dialect than the stream";
  return {};
}

bool LiveSwarm::accepts(const Options& options) {
  std::string why = why_not(options);
  if (!why.empty()) {
    ++counters_.refused;
    last_refusal_ = std::move(why);
    return false;
  }
  return true;
}

void LiveSwarm::add_peer(Instant now, const Endpoint& endpoint, Outbox& out) {
  if (endpoint.port == 0 || endpoint.is_unspecified() || banned_.contains(endpoint) || find(endpoint) != nullptr) return;
  if (channels_.size() >= config_.max_open) {
    if (candidates_.size() < kMaxCandidates) candidates_.insert(endpoint);
    return;
  }
  dial(now, add_channel(now, endpoint), out);
  update_deadline(now);
}

LiveSwarm::Channel& LiveSwarm::add_channel(Instant now, const Endpoint& endpoint) {
  auto channel = std::make_unique<Channel>();
  while (channel->ours == kNoChannel || find(channel->ours) != nullptr) channel->ours = ChannelId{static_cast<std::uint32_t>(random_.next())};
  channel->endpoint = endpoint;
  channel->began = channel->heard = now;
  channels_.push_back(std::move(channel));
  return *channels_.back();
}

void LiveSwarm::dial(Instant now, Channel& channel, Outbox& out) {
  channel.dialled = true;
  channel.redial = now + Duration(250ms) * (std::int64_t{1} << std::min(channel.dials, 4u));
  ++channel.dials;
  const bool other = !settled_ && may_speak_draft10() && channel.dials > kSilentDials && channel.dials % 2 != 0;
  const Dialect dialect = other ? Dialect::kDraft10 : config_.dialect;
  DatagramWriter writer(out.arena, kNoChannel, format_, kMaxDatagram);
  EARSHOT_CHECK(writer.add(Handshake{channel.ours, our_options(/*first=*/true, dialect)}));
  commit(now, channel, writer, out);
}

void LiveSwarm::meet(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) {
  const auto handshake = leading_handshake(datagram);
  if (!handshake || handshake->source == kNoChannel || !handshake->options.swarm_id || !handshake->options.minimum_version ||
      !accepts(handshake->options)) {
    return;
  }
  Channel* channel = find(from);
  if (channel != nullptr && channel->open && channel->theirs == handshake->source) return;
  if (channel != nullptr && channel->open) {
    remove(*channel);  // it started anew
    channel = nullptr;
  }
  const auto half_open = std::count_if(channels_.begin(), channels_.end(), [](const auto& c) { return !c->open && !c->dialled; });
  if (channel == nullptr) {
    if (channels_.size() >= config_.max_open || static_cast<std::size_t>(half_open) >= kMaxHalfOpen) return;
    channel = &add_channel(now, from);
  }
  channel->theirs = handshake->source;
  channel->dialect = dialect_of(handshake->options);
  channel->bytes_in += datagram.size();
  counters_.unproven_in += datagram.size();
  DatagramWriter writer(out.arena, channel->theirs, format_, std::min<std::uint64_t>(channel->bytes_in - channel->bytes_out, kMaxDatagram));
  if (!writer.add(Handshake{channel->ours, our_options(/*first=*/false, channel->dialect)})) {
    out.arena.resize(writer.begin());
    return;
  }
  channel->bytes_out += writer.size();
  counters_.unproven_out += writer.size();
  commit(now, *channel, writer, out);
}

void LiveSwarm::opened(Instant now, Channel& channel) {
  channel.open = true;
  if (!settled_) speak_in(channel.dialect);
  settled_ = true;
  channel.heard = now;
  channel.redial = kNever;
  channel.to_announce = verified_;
  channel.said = now - kLongAgo;  // the third datagram is due, if only as a keep-alive
  due_ = true;
}

bool LiveSwarm::take_handshake(Instant now, Channel& channel, const Handshake& message, Outbox& out) {
  if (message.source == kNoChannel) {
    remove(channel);
    return false;
  }
  if (channel.open) return message.source == channel.theirs;
  channel.theirs = message.source;
  if (!accepts(message.options)) {
    DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
    writer.add(Handshake{kNoChannel, {}});
    commit(now, channel, writer, out);
    remove(channel);
    return false;
  }
  if (channel.dials == 1) {
    channel.upload.sample_round_trip(now - channel.began);
    channel.download.sample_round_trip(now - channel.began);
  }
  channel.dialect = dialect_of(message.options);
  opened(now, channel);
  return true;
}

// --- Messages --------------------------------------------------------------------------------------------------------

void LiveSwarm::receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) {
  const auto destination = destination_of(datagram);
  if (!destination || banned_.contains(from)) return;
  if (*destination == kNoChannel) {
    meet(now, from, datagram, out);
    return update_deadline(now);
  }
  Channel* channel = find(*destination);
  if (channel == nullptr || channel->endpoint != from) return;
  if (!channel->open && channel->theirs == kNoChannel && !leading_handshake(datagram)) return;
  channel->heard = now;
  channel->unanswered = 0;
  if (!channel->open && channel->theirs != kNoChannel && !leading_handshake(datagram)) {
    if (settled_ && channel->dialect != config_.dialect) return remove(*channel);  // another peer opened in the other one
    opened(now, *channel);
  }
  due_ = true;
  MessageReader reader(datagram, format_);
  while (const auto message = reader.next()) {
    if (!take(now, *channel, *message, out)) break;
  }
  update_deadline(now);
}

bool LiveSwarm::take(Instant now, Channel& channel, const Message& message, Outbox& out) {
  if (const auto* handshake = std::get_if<Handshake>(&message)) return take_handshake(now, channel, *handshake, out);
  if (!channel.open) return true;
  if (const auto* have = std::get_if<Have>(&message)) {
    channel.has.insert(intersection(have->chunks, {window_begin(), kEndOfChunk32}), kMaxRuns);
    channel.upload.acknowledged(now, have->chunks, std::nullopt);
  } else if (const auto* ack = std::get_if<Ack>(&message)) {
    channel.has.insert(intersection(ack->chunks, {window_begin(), kEndOfChunk32}), kMaxRuns);
    channel.upload.acknowledged(now, ack->chunks, ack->delay_us);
  } else if (const auto* request = std::get_if<Request>(&message)) {
    take_request(now, channel, request->chunks);
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    channel.upload.cancel(cancel->chunks);
  } else if (const auto* hash = std::get_if<IntegrityHash>(&message)) {
    const auto bin = Bin::covering(hash->chunks);
    if (!bin) return true;
    Node node{*bin, {}};
    std::copy(hash->hash.begin(), hash->hash.end(), node.hash.begin());
    channel.announced_munro = node;
    if (node.hash != kEmptyHash) channel.hints.add(node);
  } else if (const auto* munro = std::get_if<SignedIntegrity>(&message)) {
    return take_munro(now, channel, *munro, out);
  } else if (const auto* data = std::get_if<Data>(&message)) {
    return take_data(now, channel, *data, out);
  } else if (std::holds_alternative<Choke>(message)) {
    channel.chokes_us = true;
    const ChunkSet pending = channel.download.pending();
    for (const ChunkRange& run : pending.ranges()) channel.download.drop(run);
    release(pending);
  } else if (std::holds_alternative<Unchoke>(message)) {
    channel.chokes_us = false;
  } else if (std::holds_alternative<PexRequest>(message)) {
    answer_addresses(now, channel, out);
  } else if (const auto* v4 = std::get_if<PexV4>(&message)) {
    take_address(now, channel, v4->endpoint);
  } else if (const auto* v6 = std::get_if<PexV6>(&message)) {
    take_address(now, channel, v6->endpoint);
  }
  return true;
}

bool LiveSwarm::take_munro(Instant now, Channel& channel, const SignedIntegrity& message, Outbox& out) {
  const auto bin = Bin::covering(message.chunks);
  if (!bin || !channel.announced_munro || channel.announced_munro->bin != *bin) return true;
  const std::uint64_t width = message.chunks.size();
  const bool fits = tuned_in_ ? width == config_.chunks_per_munro : width >= 2 && width <= kPageChunks;
  if (!fits || message.chunks.end > kEndOfChunk32) {
    ban(now, channel, "signs munros of another width", out);
    return false;
  }
  channel.munro_shown = std::max(channel.munro_shown, message.chunks.end);
  const std::uint64_t begin = message.chunks.begin;
  if (munros_.contains(begin) || message.chunks.end <= window_begin()) return true;
  const std::uint64_t age = timestamp(now) - message.ntp_timestamp;
  const std::uint64_t oldest = config_.dialect == Dialect::kDraft10 ? kMaxAgeSeconds * 1'000'000 : kMaxAgeSeconds << 32;
  const bool from_future = age >> 63 != 0 && ~age + 1 > oldest;
  if (from_future || (age >> 63 == 0 && !tuned_in_ && age > oldest)) {
    ++counters_.stale;
    return true;
  }
  Munro munro{*bin, message.ntp_timestamp, channel.announced_munro->hash, {message.signature.begin(), message.signature.end()}};
  if (!key_.verifies(signed_part(munro, form_), munro.signature)) {
    ++counters_.forged;
    ban(now, channel, "sent a munro that the injector did not sign", out);
    return false;
  }
  ++counters_.munros;
  munros_.emplace(begin, MunroTree(std::move(munro), form_));
  if (!tuned_in_) {
    tuned_in_ = begin;
    config_.chunks_per_munro = width;
  }
  discard_old();
  return true;
}

bool LiveSwarm::take_data(Instant now, Channel& channel, const Data& message, Outbox& out) {
  const std::uint64_t chunk = message.chunks.begin;
  channel.delay_us = microseconds(now) - message.timestamp_us;
  const bool wanted = channel.download.arrived(now, chunk);
  if (verified_.contains(chunk)) {
    ++counters_.duplicates;
    channel.to_acknowledge.insert(message.chunks);
    return true;
  }
  const auto at = munros_.find(chunk - chunk % config_.chunks_per_munro);
  if (!wanted || at == munros_.end() || message.bytes.size() != config_.chunk_size) {
    claimed_.erase(message.chunks);
    return true;
  }
  switch (at->second.admit(chunk, message.bytes, channel.hints)) {
    case Verdict::kVerified: break;
    case Verdict::kUnprovable:
      ++counters_.unprovable;
      claimed_.erase(message.chunks);
      return true;
    case Verdict::kForged:
      ++counters_.forged;
      claimed_.erase(message.chunks);
      ban(now, channel, "sent a chunk that contradicts its munro", out);
      return false;
  }
  verified_.insert(message.chunks);
  claimed_.erase(message.chunks);
  channel.has.insert(message.chunks, kMaxRuns);
  channel.to_acknowledge.insert(message.chunks);
  for (const auto& other : channels_) {
    if (other.get() != &channel) other->to_announce.insert(message.chunks);
    if (other.get() != &channel) other->download.drop(message.chunks);
  }
  return true;
}

// --- Channels --------------------------------------------------------------------------------------------------------

LiveSwarm::Channel* LiveSwarm::find(ChannelId id) {
  const auto at = std::find_if(channels_.begin(), channels_.end(), [&](const auto& channel) { return channel->ours == id; });
  return at == channels_.end() ? nullptr : at->get();
}

LiveSwarm::Channel* LiveSwarm::find(const Endpoint& endpoint) {
  const auto at = std::find_if(channels_.begin(), channels_.end(), [&](const auto& channel) { return channel->endpoint == endpoint; });
  return at == channels_.end() ? nullptr : at->get();
}

void LiveSwarm::commit(Instant now, Channel& channel, const DatagramWriter& writer, Outbox& out) {
  out.effects.push_back(Send{channel.endpoint, writer.begin(), writer.size()});
  channel.said = now;
  ++channel.unanswered;
  counters_.bytes_sent += writer.size();
}

void LiveSwarm::release(const ChunkSet& chunks) {
  for (const ChunkRange& run : chunks.ranges()) claimed_.erase(run);
}

void LiveSwarm::remove(const Channel& channel) {
  release(channel.download.pending());
  due_ = true;
  std::erase_if(channels_, [&](const auto& other) { return other.get() == &channel; });
}

void LiveSwarm::ban(Instant now, Channel& channel, std::string why, Outbox& out) {
  ++counters_.bans;
  if (banned_.size() < kMaxBanned) banned_.emplace(channel.endpoint, std::move(why));
  DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
  writer.add(Handshake{kNoChannel, {}});
  commit(now, channel, writer, out);
  remove(channel);
}

void LiveSwarm::leave(Instant now, Outbox& out) {
  for (const auto& channel : channels_) {
    if (!channel->open) continue;
    DatagramWriter writer(out.arena, channel->theirs, format_, kMaxDatagram);
    writer.add(Handshake{kNoChannel, {}});
    commit(now, *channel, writer, out);
  }
  while (!channels_.empty()) remove(*channels_.back());
  update_deadline(now);
}

}  // namespace earshot::stream::ppspp
