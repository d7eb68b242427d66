// Peers from peers (RFC 7574, section 3.10).
#include <algorithm>

#include "stream/ppspp/peer_limits.h"
#include "stream/ppspp/swarm.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::ppspp {

namespace {

/// A swarm with that many peers looks for no more.
constexpr std::size_t kEnoughPeers = 16;

constexpr Duration kAskInterval = 30s;
constexpr Duration kAnswerInterval = 10s;  // a peer that asks more often is not answered

}  // namespace

/// Addresses that mean something inside one network only (RFC 1918, RFC 4193, link-local) and loopback.
bool is_private(const Endpoint& endpoint) {
  const auto& a = endpoint.address;
  if (endpoint.is_v4()) {
    const std::uint8_t first = a[12], second = a[13];
    return first == 10 || first == 127 || (first == 172 && (second & 0xF0) == 16) || (first == 192 && second == 168) ||
           (first == 169 && second == 254);
  }
  return endpoint.is_loopback() || (a[0] & 0xFE) == 0xFC || (a[0] == 0xFE && (a[1] & 0xC0) == 0x80);
}

namespace {

bool is_multicast(const Endpoint& endpoint) {
  return endpoint.is_v4() ? (endpoint.address[12] & 0xF0) == 0xE0 : endpoint.address[0] == 0xFF;
}

}  // namespace

/// PEX_RESv4 and PEX_RESv6 prove nothing, so they are used in private networks only, unless the user wants it otherwise.
bool Swarm::exchanges_addresses_with(const Channel& channel) const {
  if (config_.pex == Pex::kOff) return false;
  return config_.pex == Pex::kEverywhere || is_private(channel.endpoint);
}

void Swarm::ask_for_peers(Instant now) {
  if (is_complete() || channels_.size() >= kEnoughPeers || now < pex_due_) return;
  Channel* chosen = nullptr;
  for (const auto& channel : channels_) {
    if (channel->state != Channel::State::kOpen || !exchanges_addresses_with(*channel) || !channel->takes(Kind::kPexRequest)) continue;
    if (chosen == nullptr || channel->pex_asked < chosen->pex_asked) chosen = channel.get();
  }
  if (chosen == nullptr) return;
  pex_due_ = now + kAskInterval;
  chosen->pex_asked = now;
  chosen->pex_believed = 0;
  chosen->to_ask_for_peers = true;
}

bool Swarm::take(Instant now, Channel& channel, const PexRequest&, Outbox& out) {
  const bool too_often = channel.pex_answered != Instant{} && now - channel.pex_answered < kAnswerInterval;
  if (!exchanges_addresses_with(channel) || too_often) return true;
  channel.pex_answered = now;
  DatagramWriter writer(out.arena, channel.theirs, format_, kMaxDatagram);
  std::size_t count = 0;
  for (const auto& other : channels_) {
    if (other.get() == &channel || other->state != Channel::State::kOpen || now - other->heard > kLiveliness) continue;
    if (relay::is_link(other->endpoint)) continue;
    if (!other->dialled && !is_private(other->endpoint)) continue;  // an address behind a NAT that only we can reach
    if (is_private(other->endpoint) && !is_private(channel.endpoint)) continue;
    const Message message = other->endpoint.is_v4() ? Message(PexV4{other->endpoint}) : Message(PexV6{other->endpoint});
    if (++count > kMaxAddresses || !writer.add(message)) break;
  }
  if (writer.is_keep_alive()) {
    out.arena.resize(writer.begin());
    return true;
  }
  commit(now, channel, writer, out);
  return true;
}

bool Swarm::believe_address(Instant now, Channel& channel, const Endpoint& endpoint) {
  const bool asked = channel.pex_asked != Instant{} && now - channel.pex_asked < kAskInterval;
  if (!asked || !exchanges_addresses_with(channel) || ++channel.pex_believed > kMaxAddresses) return true;
  if (endpoint.port == 0 || endpoint.is_unspecified() || is_multicast(endpoint) || relay::is_link(endpoint) || is_banned(endpoint)) return true;
  if (is_private(endpoint) && !is_private(channel.endpoint)) return true;
  const bool known = find(endpoint) != nullptr || std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
    return candidate.endpoint == endpoint;
  });
  // Section 12.2.3: never more than half of the peers by hearsay, or one liar could surround us.
  const auto hearsay = [](const auto& entry) { return entry.hearsay; };
  const auto heard = std::count_if(candidates_.begin(), candidates_.end(), hearsay) +
                     std::count_if(channels_.begin(), channels_.end(), [](const auto& open) { return open->hearsay; });
  if (known || static_cast<std::size_t>(heard) >= config_.max_open / 2 || candidates_.size() >= config_.max_candidates) return true;
  candidates_.push_back({endpoint, now, 0, /*hearsay=*/true});
  due_ = true;
  return true;
}

bool Swarm::take(Instant now, Channel& channel, const PexV4& message, Outbox&) {
  return believe_address(now, channel, message.endpoint);
}

bool Swarm::take(Instant now, Channel& channel, const PexV6& message, Outbox&) {
  return believe_address(now, channel, message.endpoint);
}

}  // namespace earshot::stream::ppspp
