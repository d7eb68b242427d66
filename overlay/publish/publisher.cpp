// Publishing and hosting; the rules stand in publisher.h.
#include "overlay/publish/publisher.h"

#include <algorithm>
#include <utility>

#include "overlay/search/bubble.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

/// Digests that may come at once beyond the rate: what a million peers send in half an hour.
constexpr int kHostedAtOnce = 600;

/// The first spread must last until the later parts are as many as it was.
Duration longest_life(const Config& config, bool first) {
  const Duration period = config.digest_life / config.digest_parts;
  return std::min<Duration>(first ? config.digest_life + period : config.digest_life, limits::kMaxDigestLife);
}

void step(Turn& turn, Publish message, std::span<const PeerId> neighbors, PeerId from) {
  --message.walk;
  ++message.hops;
  split(1, 1, neighbors, from, turn.random, [&](PeerId to, std::uint32_t) { turn.send(to, message); });
}

void spread(Turn& turn, const Publish& message, std::uint32_t visits, std::uint32_t piece, std::span<const PeerId> neighbors,
            PeerId from) {
  split(visits, piece, neighbors, from, turn.random, [&](PeerId to, std::uint32_t share) {
    Publish copy = message;
    copy.visits = share;
    ++copy.hops;
    turn.send(to, std::move(copy));
  });
}

}  // namespace

void Publisher::publish(Turn& turn, SharedDigests digests) {
  const bool any = digests != nullptr && !digests->empty();
  const bool first = digests_ == nullptr;
  digests_ = any ? std::move(digests) : nullptr;
  published_ = false;
  if (!any) {
    part_at_ = kNever;
  } else if (first || part_at_ == kNever) {
    part_at_ = turn.now + turn.config.publish_after;
  } else {
    part_at_ = std::min(part_at_, turn.now + turn.config.publish_after);
  }
}

void Publisher::tick(Turn& turn, std::span<const PeerId> neighbors, SeenQueries& seen) {
  if (turn.now < part_at_) return;
  part_at_ = turn.now + Duration(1min);
  if (neighbors.empty()) return;
  const Duration period = turn.config.digest_life / turn.config.digest_parts;
  if (std::exchange(published_, true)) {
    part_at_ = turn.now + period;
    send(turn, 1, turn.config.publish_walk, neighbors, seen);
  } else {
    part_at_ = turn.now + std::max(turn.config.digest_life - period, period);
    send(turn, turn.config.digest_parts, /*walk=*/0, neighbors, seen);
  }
}

void Publisher::send(Turn& turn, std::uint8_t parts, std::uint8_t walk, std::span<const PeerId> neighbors,
                     SeenQueries& seen) {
  const std::uint64_t copies = digest_copies(turn.network, turn.config.lambda_permille);
  const std::uint64_t all =
      std::min<std::uint64_t>(copies * (100u + turn.config.digest_excess_percent) / 100, limits::kMaxVisits);
  Publish message;
  message.owner = turn.self;
  message.visits = static_cast<std::uint32_t>((all * parts + turn.config.digest_parts - 1) / turn.config.digest_parts);
  message.life_s = static_cast<std::uint16_t>(longest_life(turn.config, /*first=*/walk == 0) / 1s);
  for (const SharedDigest& digest : *digests_) {
    message.id = {turn.random.next(), turn.random.next()};
    message.digest = digest;
    const SeenQueries::Place place = seen.find(message.id);
    if (!place.seen()) seen.remember(place, turn.self);
    message.walk = walk;
    if (walk > 0) {
      step(turn, message, neighbors, kNoPeer);
    } else {
      spread(turn, message, message.visits, 1, neighbors, kNoPeer);
    }
  }
}

void Publisher::receive(Turn& turn, PeerId from, const Publish& message, std::span<const PeerId> neighbors,
                        SeenQueries& seen) {
  if (message.hops == 0 || message.hops > limits::kMaxBubbleHops || message.owner == turn.self) return;
  Publish clamped = message;
  const std::uint64_t most = turn.network.peers == 0 ? limits::kMaxVisits : digest_copies(turn.network, 9000);
  clamped.visits = static_cast<std::uint32_t>(std::min<std::uint64_t>({message.visits, most + most / 5, limits::kMaxVisits}));
  if (message.walk > 0 && message.hops < limits::kMaxBubbleHops) {
    clamped.walk = std::min(message.walk, turn.config.publish_walk);
    step(turn, clamped, neighbors, from);
    return;
  }
  const SeenQueries::Place place = seen.find(message.id);
  const bool first = !place.seen();
  if (first) seen.remember(place, from);
  const bool hosts = first && message.visits > 0 && turn.config.hosts && has_room(turn);
  if (hosts) {
    ++turn.counters.hosted;
    const Duration life = std::min<Duration>(1s * message.life_s, longest_life(turn.config, /*first=*/true));
    turn.out.emplace_back(HostDigest{message.owner, message.digest, turn.now + life});
  }
  if (message.hops == limits::kMaxBubbleHops) return;
  spread(turn, clamped, clamped.visits - (hosts ? 1 : 0), first ? 1 : kPiece, neighbors, from);
}

bool Publisher::has_room(Turn& turn) {
  const Duration one = Duration(1min) / turn.config.hosted_per_minute;
  if (full_until_ - turn.now > one * kHostedAtOnce) return false;
  full_until_ = std::max(full_until_, turn.now) + one;
  return true;
}

}  // namespace earshot::overlay
