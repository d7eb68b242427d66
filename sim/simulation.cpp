// The event loop and the effects.
#include "sim/simulation.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <variant>

#include "overlay/search/strategy.h"
#include "schema/check.h"
#include "sim/traffic.h"

namespace earshot::sim {

namespace {

// An event costs some 100 to 200 ns, a miss to memory about 100 ns: a few events ahead suffice, and the seat must be there
// before what it points to can be asked for.
constexpr std::size_t kSeatAhead = 32;
constexpr std::size_t kMemoryAhead = 12;
// With fewer messages in flight (walks) a block holds too few events to look ahead in, but what is fetched when a message
// is sent is still in the cache when it arrives.
constexpr std::uint64_t kFewInFlight = 1024;

/// In Event::flag, beside what flight.h keeps there: the message has had its turn in the receiver's queue.
constexpr std::uint8_t kWaited = 0x80;

PopulationPlan plan_of(const Scenario& scenario, const World& world, std::uint64_t seed) {
  return {seed, scenario.seen_slots, world.topology ? &*world.topology : nullptr, scenario.protocol, scenario.classes,
          scenario.attackers};
}

/// The number of a kind in the event hash, which published results quote: a new kind of message gets one behind all others.
std::uint64_t hash_number(EventKind kind) {
  if (kind == EventKind::kPublish) return 30;
  if (kind == EventKind::kEstimate) return 31;
  const auto number = static_cast<std::uint64_t>(kind);
  return kind > EventKind::kEstimate ? number - 2 : number;
}

bool is_search(EventKind kind) { return kind == EventKind::kQuery || kind == EventKind::kHits; }

}  // namespace

PeerRange range_of_part(std::uint32_t peers, std::uint32_t parts, std::uint32_t part) {
  const std::uint64_t wide = peers;
  return {static_cast<std::uint32_t>(wide * part / parts), static_cast<std::uint32_t>(wide * (part + 1) / parts)};
}

std::uint32_t part_of(std::uint32_t peers, std::uint32_t parts, PeerId peer) {
  return static_cast<std::uint32_t>(((std::uint64_t{to_number(peer)} + 1) * parts - 1) / peers);
}

Simulation::Simulation(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                       Options options)
    : scenario_(scenario), world_(world), search_(search), seed_(seed), options_(options),
      roles_(scenario.classes, scenario.attackers, seed),
      network_(scenario.network, seed, world.distances ? &*world.distances : nullptr),
      population_(plan_of(scenario, world, seed), range_of_part(world.peers, options.parts, options.part)), lives_(world.peers),
      holdings_(world.catalog, world.peers, is_changing(scenario)),
      hosting_(population_.range(), scenario.digests.publish != PublishedBy::kNobody),
      has_access_(std::any_of(scenario.classes.begin(), scenario.classes.end(), [](const auto& one) { return one.access > Duration::zero(); })),
      mirror_(options.through_the_wire ? std::make_unique<WireMirror>() : nullptr), outgoing_(options.parts) {
  if (!scenario.clock_steps.empty()) ahead_.resize(population_.range().size());
  if (!scenario.classes.empty()) busy_until_.resize(population_.range().size());
  digests_ = digests_of(PeerId{0});
  schedule();
}

void Simulation::run_before(Instant limit) {
  Event event;
  while (wheel_.pop(event, std::min(limit, end_))) {
    prefetch();
    handle(event);
    if (options_.observer != nullptr && options_.observer->has_seen_enough()) return;
  }
}

void Simulation::enter(const Crossing& crossing) {
  Event event = crossing.event;
  if (event.kind != EventKind::kLost) {
    flight_.enter(crossing, event);
    ++in_flight_;
  }
  wheel_.push(event);
}

void Simulation::handle(Event event) {
  now_ = event.at;
  switch (event.kind) {
    case EventKind::kJoin:
    case EventKind::kForwardJoin:
    case EventKind::kNeighbor:
    case EventKind::kNeighborReply:
    case EventKind::kLeave:
    case EventKind::kShuffle:
    case EventKind::kShuffleReply:
    case EventKind::kQuery:
    case EventKind::kHits:
    case EventKind::kPublish:
    case EventKind::kEstimate: return deliver(event);
    case EventKind::kLost: {
      Seat& seat = population_.seat(event.to);
      if (!seat.alive) return;
      count(event);
      observe(EventKind::kLost, event.to, event.from);
      seat.peer.lost(local(event.to), event.from, outbox_);
      return settle(event.to);
    }
    case EventKind::kTick: return tick(event);
    case EventKind::kStart: return start(event);
    case EventKind::kAsk: return ask(event);
    case EventKind::kCrash: return crash(event);
    case EventKind::kDepart: return depart(event);
    case EventKind::kStep: return step_clocks(event);
    case EventKind::kDeed: return deed(event);
    case EventKind::kCalm: return network_.calm();
    case EventKind::kProbe: return probe();
    case EventKind::kOffer: return offer(event);
  }
}

void Simulation::deliver(Event event) {
  Seat& seat = population_.seat(event.to);
  if (!seat.alive) {
    ++record_.tally.lost;
    lose_link(event.from, event.to);
  } else if (seat.capacity != 0 && waits(event, seat)) {
    return;
  } else {
    count(event);
    hops_here_ = event.hops;
    const overlay::Message& message = flight_.message(event);
    observe(event.kind, event.to, event.from);
    if (options_.observer != nullptr) options_.observer->arrives(now_, event.from, event.to, message);
    const Attacker* const attacker = attacker_at(seat);
    if (attacker == nullptr || attacker->hears(message)) seat.peer.receive(local(event.to), event.from, message, outbox_);
    settle(event.to);
  }
  --in_flight_;
  flight_.drop(event);
}

/// Whether the message must wait until its receiver has worked on earlier ones, or is dropped because it would wait too long.
bool Simulation::waits(Event& event, Seat& seat) {
  const ClassSettings& limits = scenario_.classes[seat.capacity - 1];
  if (limits.messages_per_s == 0) return false;
  if ((event.flag & kWaited) != 0) {
    event.flag &= static_cast<std::uint8_t>(~kWaited);
    return false;
  }
  Instant& busy_until = busy_until_[to_number(event.to) - population_.range().first];
  const Instant turn = std::max(now_, busy_until);
  if (turn - now_ > limits.queue) {
    ++record_.tally.overloaded;
    --in_flight_;
    flight_.drop(event);
    return true;
  }
  busy_until = turn + Duration(1s) / limits.messages_per_s;
  if (turn == now_) return false;
  event.at = turn;
  event.flag |= kWaited;
  wheel_.push(event);
  return true;
}

void Simulation::tick(const Event& event) {
  Seat& seat = population_.seat(event.to);
  if (event.at != seat.timer) return;  // an earlier deadline took its place
  seat.timer = kNever;
  if (!seat.alive) return;
  if (seat.peer.next_deadline() <= local(event.to)) {
    count(event);
    observe(EventKind::kTick, event.to, kNoPeer);
    seat.peer.tick(local(event.to), outbox_);
  }
  settle(event.to);
}

void Simulation::prefetch() {
  wheel_.look_ahead(seats_ahead_, kSeatAhead, [this](PeerId peer, EventKind kind, std::uint32_t) {
    if (!population_.owns(peer)) return;
    if (is_search(kind)) {
      population_.prefetch_seat(peer);
    } else {
      population_.prefetch_whole_seat(peer);
    }
  });
  wheel_.look_ahead(memory_ahead_, kMemoryAhead, [this](PeerId peer, EventKind kind, std::uint32_t body) {
    if (population_.owns(peer)) flight_.prefetch(kind, body, population_.seat(peer).peer);
  });
}

void Simulation::settle(PeerId self) {
  Seat& seat = population_.seat(self);
  carry_out(self);
  // Each answer is a call of its own, with the outbox empty.
  for (std::size_t i = 0; i < lookups_.size(); ++i) {
    look_up(self, lookups_[i]);
    carry_out(self);
  }
  lookups_.clear();
  const Instant deadline = seat.peer.next_deadline();
  if (deadline != kNever && deadline - ahead_of(self) < seat.timer) {
    seat.timer = std::max(deadline - ahead_of(self), now_);
    wheel_.push({seat.timer, self, self, 0, 0, 0, EventKind::kTick, 0});
  }
  if (options_.observer != nullptr) options_.observer->settled(now_, self, *this);
}

void Simulation::look_up(PeerId self, const overlay::Lookup& lookup) {
  Seat& seat = population_.seat(self);
  const std::uint32_t item = flight_.track(flight_.track_of(lookup.id)).item;
  const Attacker* const attacker = attacker_at(seat);
  std::optional<Hit> hit = attacker != nullptr ? attacker->answer(item, self) : std::nullopt;
  if (!hit && holdings_.holds(self, item)) hit = hit_for(item, self);
  std::vector<PeerId> owners;
  overlay::Hosted hosted;
  const std::vector<CanaryKey>& canaries = lookup.request->canaries;
  if (lookup.hosted) {
    hosting_.each(self, now_, [&](PeerId owner) {
      if (owners.size() < limits::kMaxOwnersPerAnswer && holdings_.holds(owner, item)) owners.push_back(owner);
      for (std::size_t i = 0; i < canaries.size(); ++i) {
        if (canaries[i] == to_number(owner)) hosted.canaries |= static_cast<std::uint8_t>(1u << i);
      }
      return true;
    });
  }
  hosted.owners = owners;
  seat.peer.answer(local(self), lookup, hit ? std::span<const Hit>(&*hit, 1) : std::span<const Hit>(), hosted, outbox_);
}

void Simulation::carry_out(PeerId self) {
  for (overlay::Effect& effect : outbox_) {
    if (options_.observer != nullptr) options_.observer->wants(now_, self, effect);
    std::visit([&](auto& one) { perform(self, one); }, effect);
  }
  outbox_.clear();
}

void Simulation::perform(PeerId self, overlay::Send& send) {
  EARSHOT_CHECK(to_number(send.to) < world_.peers);
  Seat& seat = population_.seat(self);
  if (const Attacker* const attacker = attacker_at(seat)) {
    Random random = attack_stream(self, seat);
    if (!attacker->says(send.message, crowd_of(seat), random)) return;
  }
  if (mirror_) send.message = mirror_->reflect(send.message, self);
  flight_.count(send.message);
  ++record_.tally.messages;
  const std::uint64_t bytes = bytes_of(send.message);
  record_.tally.bytes += bytes;
  if (std::holds_alternative<overlay::Publish>(send.message)) record_.tally.published_bytes += bytes;
  Event event;
  event.kind = static_cast<EventKind>(send.message.index());
  event.from = self;
  event.to = send.to;
  if (!is_search(event.kind)) ++record_.tally.membership_messages;
  const std::uint32_t number = seat.sent++;
  if (!scenario_.partitions.empty() && parted(self, send.to)) {
    ++record_.tally.lost;
    return lose_link(self, send.to);
  }
  const Duration access = has_access_ ? access_of(self) + access_of(send.to) : Duration::zero();
  if (const std::optional<Duration> travel = network_.travel(self, send.to, number)) {
    event.at = now_ + *travel + access;
    dispatch(event, send.message);
  } else {
    ++record_.tally.lost;
  }
  if (const std::optional<Duration> travel = network_.duplicate(self, send.to, number)) {
    ++record_.tally.repeated;
    event.at = now_ + *travel + access;
    dispatch(event, send.message);
  }
}

/// On its way: into our own wheel or to another part.
void Simulation::dispatch(Event event, const overlay::Message& message) {
  if (!population_.owns(event.to)) {
    outgoing_[part_of(world_.peers, options_.parts, event.to)].push_back(flight_.leave(message, event));
    return;
  }
  flight_.pack(message, event);
  wheel_.push(event);
  if (++in_flight_ < kFewInFlight) population_.prefetch_seat(event.to);
}

/// `peer` will learn that its link to `gone` is gone.
void Simulation::lose_link(PeerId peer, PeerId gone) {
  const Event event{now_ + network_.until_lost(peer, gone), gone, peer, 0, 0, 0, EventKind::kLost, 0};
  if (population_.owns(peer)) {
    wheel_.push(event);
  } else {
    outgoing_[part_of(world_.peers, options_.parts, peer)].push_back({event, {}, {}, 0});
  }
}

bool Simulation::parted(PeerId a, PeerId b) const {
  const Duration since = now_ - world_.ready;
  return std::any_of(scenario_.partitions.begin(), scenario_.partitions.end(), [&](const PartitionSettings& one) {
    return since >= one.at && since < one.until && network_.parts(one, a, b);
  });
}

Duration Simulation::access_of(PeerId peer) const {
  const std::uint8_t capacity = roles_.class_of(peer);
  return capacity == 0 ? Duration::zero() : scenario_.classes[capacity - 1].access;
}

void Simulation::perform(PeerId self, overlay::HostDigest& host) {
  // Clocks that ran ahead are the host's own: what it says to keep until then lasts as long as it said.
  hosting_.host(self, host.owner, now_, host.expiry - ahead_of(self));
}
void Simulation::perform(PeerId self, overlay::DropDigest& drop) { hosting_.drop(self, drop.owner); }

void Simulation::perform(PeerId self, overlay::Lookup& lookup) {
  QueryTrack& track = flight_.track(flight_.track_of(lookup.id));
  if (track.origin != self) {
    ++track.reached;
    track.deepest = std::max(track.deepest, hops_here_);
  }
  lookups_.push_back(std::move(lookup));
}

// A link has no state of its own here: that its other end has died is known from the other end.
void Simulation::perform(PeerId, overlay::Connect&) {}
void Simulation::perform(PeerId, overlay::Disconnect&) {}

void Simulation::perform(PeerId, overlay::Deliver& deliver) {
  const Flight::Index index = flight_.track_of(deliver.id);
  QueryTrack& track = flight_.track(index);
  if (deliver.hops > 0) {
    const auto lies = static_cast<std::uint32_t>(std::count_if(deliver.hits->begin(), deliver.hits->end(), is_false));
    const auto true_hits = static_cast<std::uint32_t>(deliver.hits->size()) - lies;
    if (track.hits == 0 && true_hits > 0) {
      track.first_hops = deliver.hops;
      track.first_after = now_ - track.asked;
    }
    track.hits += true_hits;
    track.false_hits += lies;
  }
  if (!deliver.last) return;
  track.peers_asked = deliver.progress.peers_asked;
  track.coverage_permille = deliver.progress.coverage.permille;
  if (track.question != kNoQuestion) {
    ++record_.tally.closed;
    record_.tally.satisfied += track.hits > 0 ? 1 : 0;
  }
  flight_.close(index);
}

void Simulation::count(const Event& event) {
  const auto time = static_cast<std::uint64_t>(event.at.time_since_epoch().count());
  const std::uint64_t ends = std::uint64_t{to_number(event.from)} << 32 | to_number(event.to);
  const std::uint64_t content = flight_.digest(event) ^ hash_number(event.kind) << 56;
  record_.event_hash += mixed(mixed(time, ends), content);
  ++record_.tally.events;
}

RunRecord Simulation::record() {
  record_.seed = seed_;
  record_.search = search_.name;
  record_.strategy = std::string(overlay::strategies()[static_cast<std::size_t>(search_.strategy)].name);
  record_.peers = world_.peers;
  record_.alive = lives_.alive();
  record_.queries = flight_.take_tracks();
  for (std::uint32_t i = population_.range().first; i < population_.range().end; ++i) {
    const Seat& seat = population_.seat(PeerId{i});
    record_.duplicates += seat.peer.counters().duplicates;
    if (!seat.alive || seat.peer.network().peers == 0) continue;
    ++record_.sized;
    record_.size_error += std::abs(seat.peer.network().peers / static_cast<double>(record_.alive) - 1);
  }
  record_.events = record_.tally.events;
  record_.messages = record_.tally.messages;
  record_.membership_messages = record_.tally.membership_messages;
  record_.lost = record_.tally.lost;
  record_.census = census_of(population_, attackers_);
  record_.links = record_.census.links;
  record_.population_bytes = population_.bytes() + lives_.bytes() + holdings_.bytes() + hosting_.bytes();
  record_.flight_bytes = wheel_.bytes() + flight_.bytes();
  record_.simulated = now_ - Instant{};
  if (mirror_) {
    record_.wire_frames = mirror_->frames();
    record_.wire_bytes = mirror_->bytes();
  }
  if (options_.parts > 1) return std::move(record_);
  Components components(world_.peers);
  components.add(population_, lives_);
  record_.largest_component = components.largest(lives_);
  std::vector<RunRecord> parts;
  parts.push_back(std::move(record_));
  return merged(std::move(parts));
}

}  // namespace earshot::sim
