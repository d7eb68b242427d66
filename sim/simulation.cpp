// The event loop and the effects.
#include "sim/simulation.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

#include "overlay/search/strategy.h"
#include "schema/check.h"
#include "sim/streams.h"

namespace earshot::sim {

namespace {

// An event costs some 100 to 200 ns, a miss to memory about 100 ns: a few events ahead suffice, and the seat must be there
// before what it points to can be asked for.
constexpr std::size_t kSeatAhead = 12;
constexpr std::size_t kMemoryAhead = 6;
// With fewer messages in flight (walks) a block holds too few events to look ahead in, but what is fetched when a message
// is sent is still in the cache when it arrives.
constexpr std::uint64_t kFewInFlight = 1024;

Population populate(const Scenario& scenario, const World& world, std::uint64_t seed) {
  if (world.topology) return Population(*world.topology, scenario.protocol, seed, scenario.seen_slots);
  return Population(world.peers, scenario.protocol, seed, scenario.seen_slots);
}

}  // namespace

Simulation::Simulation(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed,
                       Options options)
    : scenario_(scenario), world_(world), search_(search), seed_(seed), network_(scenario.network, seed),
      population_(populate(scenario, world, seed)), mirror_(options.through_the_wire ? std::make_unique<WireMirror>() : nullptr) {
  schedule();
}

void Simulation::run() {
  Event event;
  while (open_ > 0 && wheel_.pop(event) && event.at <= end_) {
    prefetch();
    handle(event);
  }
}

void Simulation::schedule() {
  if (!world_.topology) {
    for (std::uint32_t i = 0; i < world_.peers; ++i) {
      wheel_.push({join_time(scenario_.topology, i), PeerId{i}, PeerId{i}, 0, 0, 0, EventKind::kStart, 0});
    }
  }
  for (std::uint32_t i = 0; i < world_.questions.size(); ++i) {
    const Question& question = world_.questions[i];
    wheel_.push({question.at, question.origin, question.origin, i, 0, 0, EventKind::kAsk, 0});
    end_ = std::max(end_, question.at + scenario_.workload.time);
  }
  for (std::uint32_t i = 0; i < scenario_.crashes.size(); ++i) {
    wheel_.push({world_.ready + scenario_.crashes[i].at, kNoPeer, PeerId{0}, i, 0, 0, EventKind::kCrash, 0});
  }
  open_ = static_cast<std::uint32_t>(world_.questions.size());
}

void Simulation::handle(const Event& event) {
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
    case EventKind::kHits: return deliver(event);
    case EventKind::kLost: {
      Seat& seat = population_.seat(event.to);
      if (!seat.alive) return;
      count(event);
      seat.peer.lost(now_, event.from, outbox_);
      return settle(event.to);
    }
    case EventKind::kTick: return tick(event);
    case EventKind::kStart: count(event); return start(event.to);
    case EventKind::kAsk: count(event); return ask(event.to, event.body);
    case EventKind::kCrash: count(event); return crash(event.body);
  }
}

void Simulation::deliver(const Event& event) {
  --in_flight_;
  Seat& seat = population_.seat(event.to);
  if (seat.alive) {
    count(event);
    hops_here_ = event.hops;
    seat.peer.receive(now_, event.from, flight_.message(event), outbox_);
    settle(event.to);
  } else {
    ++record_.lost;
    const Instant noticed = now_ + network_.until_lost(event.from, event.to);
    wheel_.push({noticed, event.to, event.from, 0, 0, 0, EventKind::kLost, 0});
  }
  flight_.drop(event);
}

void Simulation::start(PeerId peer) {
  Seat& seat = population_.seat(peer);
  seat.alive = true;
  const std::uint32_t earlier = to_number(peer);
  if (earlier == 0) return;  // the first one waits for the others
  Random random = stream(seed_, earlier, Purpose::kJoin);
  std::vector<PeerId> contacts;
  for (std::uint32_t i = 0; i < scenario_.topology.contacts; ++i) {
    contacts.push_back(PeerId{static_cast<std::uint32_t>(random.below(earlier))});
  }
  seat.peer.join(now_, contacts, outbox_);
  settle(peer);
}

void Simulation::ask(PeerId peer, std::uint32_t question) {
  Seat& seat = population_.seat(peer);
  if (!seat.alive || seat.peer.open_queries() == limits::kMaxOpenQueries) {
    --open_;
    return;
  }
  const std::uint32_t item = world_.questions[question].item;
  SearchRequest request;
  request.text = query_text(item);
  request.strategy = search_.strategy;
  request.ttl = search_.ttl;
  request.walkers = search_.walkers;
  request.time = scenario_.workload.time;
  hops_here_ = 0;
  const QueryId id = seat.peer.ask(now_, std::move(request), outbox_);
  flight_.open(id, question, item, peer, now_);
  settle(peer);
}

void Simulation::tick(const Event& event) {
  Seat& seat = population_.seat(event.to);
  if (event.at != seat.timer) return;  // an earlier deadline took its place
  seat.timer = kNever;
  if (!seat.alive) return;
  if (seat.peer.next_deadline() <= now_) {
    count(event);
    seat.peer.tick(now_, outbox_);
  }
  settle(event.to);
}

void Simulation::crash(std::uint32_t number) {
  std::vector<PeerId> alive;
  for (std::uint32_t i = 0; i < population_.size(); ++i) {
    if (population_.seat(PeerId{i}).alive) alive.push_back(PeerId{i});
  }
  Random random = stream(seed_, number, Purpose::kCrash);
  random.shuffle(std::span(alive));
  const std::size_t dying = alive.size() * scenario_.crashes[number].per_million / 1'000'000;
  for (std::size_t i = 0; i < dying; ++i) population_.seat(alive[i]).alive = false;
  for (std::size_t i = dying; i < alive.size(); ++i) notice_dead_neighbors(alive[i]);
}

/// The links to the dead break: who keeps one learns it as if he had sent a message now.
void Simulation::notice_dead_neighbors(PeerId peer) {
  for (const PeerId neighbor : population_.seat(peer).peer.neighbors()) {
    if (population_.seat(neighbor).alive) continue;
    wheel_.push({now_ + network_.until_lost(peer, neighbor), neighbor, peer, 0, 0, 0, EventKind::kLost, 0});
  }
}

void Simulation::prefetch() {
  wheel_.look_ahead(seats_ahead_, kSeatAhead, [this](PeerId peer) { population_.prefetch_seat(peer); });
  wheel_.look_ahead(memory_ahead_, kMemoryAhead, [this](PeerId peer) { population_.prefetch_memory(peer); });
}

void Simulation::settle(PeerId self) {
  Seat& seat = population_.seat(self);
  carry_out(self);
  // Each answer is a call of its own, with the outbox empty.
  for (std::size_t i = 0; i < lookups_.size(); ++i) {
    const QueryId id = lookups_[i].id;
    const std::uint32_t item = flight_.track(flight_.track_of(id)).item;
    if (world_.catalog.holds(self, item)) {
      const Hit hit = hit_for(item, self);
      seat.peer.answer(now_, id, std::span(&hit, 1), outbox_);
    } else {
      seat.peer.answer(now_, id, {}, outbox_);
    }
    carry_out(self);
  }
  lookups_.clear();
  const Instant deadline = seat.peer.next_deadline();
  if (deadline < seat.timer) {
    seat.timer = std::max(deadline, now_);
    wheel_.push({seat.timer, self, self, 0, 0, 0, EventKind::kTick, 0});
  }
}

void Simulation::carry_out(PeerId self) {
  for (overlay::Effect& effect : outbox_) {
    std::visit([&](auto& one) { perform(self, one); }, effect);
  }
  outbox_.clear();
}

void Simulation::perform(PeerId self, overlay::Send& send) {
  EARSHOT_CHECK(to_number(send.to) < population_.size());
  Event event;
  event.from = self;
  event.to = send.to;
  ++record_.messages;
  if (mirror_) {
    flight_.pack(mirror_->reflect(send.message, self), event);
  } else {
    flight_.pack(send.message, event);
  }
  if (event.kind != EventKind::kQuery && event.kind != EventKind::kHits) ++record_.membership_messages;
  const std::optional<Duration> travel = network_.travel(self, send.to, population_.seat(self).sent++);
  if (!travel) {
    ++record_.lost;
    flight_.drop(event);
    return;
  }
  event.at = now_ + *travel;
  wheel_.push(event);
  if (++in_flight_ < kFewInFlight) population_.prefetch_seat(send.to);
}

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
  if (deliver.hops > 0 && !deliver.hits->empty()) {
    if (track.hits == 0) {
      track.first_hops = deliver.hops;
      track.first_after = now_ - track.asked;
    }
    track.hits += static_cast<std::uint32_t>(deliver.hits->size());
  }
  if (!deliver.last) return;
  --open_;
  flight_.close(index);
}

void Simulation::count(const Event& event) {
  const auto time = static_cast<std::uint64_t>(event.at.time_since_epoch().count());
  const std::uint64_t ends = std::uint64_t{to_number(event.from)} << 32 | to_number(event.to);
  const std::uint64_t content = flight_.digest(event) ^ std::uint64_t{static_cast<std::uint8_t>(event.kind)} << 56;
  record_.event_hash += mixed(mixed(time, ends), content);
  ++record_.events;
}

RunRecord Simulation::record() {
  record_.seed = seed_;
  record_.search = search_.name;
  record_.strategy = std::string(overlay::strategies()[static_cast<std::size_t>(search_.strategy)].name);
  record_.peers = population_.size();
  record_.queries = flight_.take_tracks();
  for (const QueryTrack& track : record_.queries) {
    const auto holders = static_cast<std::uint32_t>(world_.catalog.holders(track.item).size());
    record_.copies.push_back(holders - (world_.catalog.holds(track.origin, track.item) ? 1 : 0));
  }
  for (std::uint32_t i = 0; i < population_.size(); ++i) {
    const Seat& seat = population_.seat(PeerId{i});
    record_.alive += seat.alive ? 1 : 0;
    record_.links += seat.alive ? seat.peer.neighbors().size() : 0;
    record_.duplicates += seat.peer.counters().duplicates;
  }
  record_.largest_component = largest_component();
  record_.population_bytes = population_.bytes();
  record_.flight_bytes = wheel_.bytes() + flight_.bytes();
  record_.simulated = now_ - Instant{};
  if (mirror_) {
    record_.wire_frames = mirror_->frames();
    record_.wire_bytes = mirror_->bytes();
  }
  return std::move(record_);
}

/// Peers that are alive and linked, by union of the two ends of every entry of an active view.
std::uint32_t Simulation::largest_component() const {
  std::vector<std::uint32_t> parents(population_.size());
  std::iota(parents.begin(), parents.end(), 0u);
  const auto root = [&](std::uint32_t node) {
    while (parents[node] != node) node = parents[node] = parents[parents[node]];
    return node;
  };
  for (std::uint32_t i = 0; i < population_.size(); ++i) {
    const Seat& seat = population_.seat(PeerId{i});
    if (!seat.alive) continue;
    for (const PeerId neighbor : seat.peer.neighbors()) {
      if (population_.seat(neighbor).alive) parents[root(i)] = root(to_number(neighbor));
    }
  }
  std::vector<std::uint32_t> sizes(population_.size());
  std::uint32_t largest = 0;
  for (std::uint32_t i = 0; i < population_.size(); ++i) {
    if (population_.seat(PeerId{i}).alive) largest = std::max(largest, ++sizes[root(i)]);
  }
  return largest;
}

}  // namespace earshot::sim
