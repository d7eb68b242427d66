// What the scenario makes happen in a simulation: peers come and go, ask, crash, attack. All of it follows from the seed and
// not from what peers say to each other, so every part of a partitioned run works on all of it and speaks only for its own peers.
#include <algorithm>
#include <span>
#include <utility>

#include "schema/check.h"
#include "schema/digest.h"
#include "sim/simulation.h"
#include "sim/streams.h"

namespace earshot::sim {

namespace {

constexpr int kTriesForOrigin = 64;
constexpr Duration kOffers = 10s;

}  // namespace

void Simulation::schedule() {
  if (scenario_.digests.publish == PublishedBy::kHolders) {
    for (const Question& question : world_.questions) {
      const auto holders = world_.catalog.holders(question.item);
      publishers_.insert(publishers_.end(), holders.begin(), holders.end());
    }
    std::sort(publishers_.begin(), publishers_.end());
    publishers_.erase(std::unique(publishers_.begin(), publishers_.end()), publishers_.end());
  }
  record_.digest_life = scenario_.protocol.digest_life;
  for (std::uint32_t i = 0; i < world_.peers; ++i) {
    const PeerId peer{i};
    if (world_.topology) {
      lives_.begin(peer);
      holdings_.come(peer);
      if (population_.owns(peer)) prepare(peer);
    } else {
      wheel_.push({join_time(scenario_.topology, i), peer, peer, 0, 0, 0, EventKind::kStart, 0});
    }
  }
  if (!world_.questions.empty()) {
    const Question& first = world_.questions.front();
    wheel_.push({first.at, first.origin, first.origin, 0, 0, 0, EventKind::kAsk, 0});
    end_ = world_.questions.back().at + scenario_.workload.time + Duration(1);
  }
  for (std::uint32_t i = 0; i < scenario_.crashes.size(); ++i) {
    wheel_.push({world_.ready + scenario_.crashes[i].at, kNoPeer, PeerId{0}, i, 0, 0, EventKind::kCrash, 0});
  }
  for (std::uint32_t i = 0; i < scenario_.clock_steps.size(); ++i) {
    wheel_.push({world_.ready + scenario_.clock_steps[i].at, kNoPeer, PeerId{0}, i, 0, 0, EventKind::kStep, 0});
  }
  if (scenario_.network.faults_until > Duration::zero()) {
    wheel_.push({world_.ready + scenario_.network.faults_until, kNoPeer, PeerId{0}, 0, 0, 0, EventKind::kCalm, 0});
  }
  if (scenario_.probe.every > Duration::zero()) {
    wheel_.push({Instant{} + scenario_.probe.every, kNoPeer, PeerId{0}, 0, 0, 0, EventKind::kProbe, 0});
  }
  if (!roles_.has_attackers()) return;
  accomplices_.resize(scenario_.attackers.size());
  attackers_.resize(world_.peers);
  for (std::uint32_t i = 0; i < world_.peers; ++i) {
    const PeerId peer{i};
    const std::uint8_t number = attackers_[i] = roles_.attacker_of(peer);
    if (number == 0) continue;
    const AttackerSettings& settings = scenario_.attackers[number - 1];
    accomplices_[number - 1].push_back(peer);
    if (!population_.owns(peer) || !attacker_of(settings.kind).acts()) continue;
    // Each at his own moment of the period.
    Random random = stream(seed_, i, Purpose::kAttacker);
    const Duration phase(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(settings.period.count()))));
    wheel_.push({world_.ready + settings.from + phase, peer, peer, 0, 0, 0, EventKind::kDeed, 0});
  }
}

/// A peer of a fixed graph knows what it is told, and publishes at a moment of its own within kOffers.
void Simulation::prepare(PeerId peer) {
  if (scenario_.digests.size_known) {
    overlay::NetworkView network;
    network.peers = world_.peers;
    network.degree = static_cast<std::uint16_t>(2 * world_.topology->edges() / world_.peers);
    population_.seat(peer).peer.assume(network);
  }
  if (!publishes(peer)) return;
  ++record_.publishers;
  Random random = stream(seed_, to_number(peer), Purpose::kDigest);
  const Duration phase(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(kOffers.count()))));
  wheel_.push({Instant{} + phase, peer, peer, 0, 0, 0, EventKind::kOffer, 0});
}

/// Whether what this peer publishes can be looked for.
bool Simulation::publishes(PeerId peer) const {
  if (scenario_.digests.publish != PublishedBy::kHolders) return scenario_.digests.publish == PublishedBy::kAll;
  return std::binary_search(publishers_.begin(), publishers_.end(), peer);
}

/// A digest's size is all that matters of it here, so all are the same; but the wire checks whose it is.
overlay::SharedDigests Simulation::digests_of(PeerId owner) const {
  if (!mirror_ && !options_.apart && digests_ != nullptr) return digests_;
  Digest digest;
  digest.owner = NumberedDirectory().contact_of(owner)->key;
  const std::uint32_t count = std::min<std::uint32_t>(scenario_.digests.bytes * 8 / 22, limits::kMaxDigestKeys);
  for (std::uint32_t i = 0; i < count; ++i) digest.keys.push_back(static_cast<DigestKey>((std::uint64_t{i} << 32) / count));
  return std::make_shared<const std::vector<overlay::SharedDigest>>(1, std::make_shared<const Bytes>(encode(digest)));
}

void Simulation::offer(const Event& event) {
  count(event);
  Seat& seat = population_.seat(event.to);
  seat.peer.publish(local(event.to), digests_of(event.to), outbox_);
  settle(event.to);
}

/// Names from afar that may have published: of the passive view; where there is none, of anybody.
std::vector<CanaryKey> Simulation::canaries_for(PeerId origin, std::uint32_t question) const {
  Random random = stream(seed_, question, Purpose::kDigest);
  const std::span<const PeerId> passive = population_.seat(origin).peer.passive_view();
  std::vector<CanaryKey> canaries;
  for (int i = 0; i < scenario_.digests.canaries && scenario_.digests.publish != PublishedBy::kNobody; ++i) {
    const PeerId owner = scenario_.digests.publish == PublishedBy::kHolders ? publishers_[random.below(publishers_.size())]
                         : passive.empty()                                  ? lives_.draw(random)
                                                                            : passive[random.below(passive.size())];
    if (owner != origin) canaries.push_back(to_number(owner));
  }
  return canaries;
}

void Simulation::start(const Event& event) {
  const PeerId peer = event.to;
  if (lives_.alive(peer) || lives_.sessions(peer) != event.body) return;
  const std::uint32_t session = event.body;  // from 0
  if (session > 0 && scenario_.churn && scenario_.churn->library == LibraryChange::kNew) {
    Random random = stream(seed_, std::uint64_t{session} << 32 | to_number(peer), Purpose::kCatalog);
    holdings_.give(peer, PeerId{static_cast<std::uint32_t>(random.below(world_.peers))});
  }
  if (world_.churn) {
    const Instant begin = std::max(now_, world_.ready + scenario_.churn->from);
    const Duration length = world_.churn->session(seed_, peer, session).length;
    wheel_.push({begin + length, peer, peer, session, 0, 0, EventKind::kDepart, 0});
  }
  if (population_.owns(peer)) {
    count(event);
    ++record_.tally.arrivals;
    enter_network(peer, session == 0);
  }
  lives_.begin(peer);
  holdings_.come(peer);
}

void Simulation::enter_network(PeerId peer, bool first) {
  Seat& seat = population_.seat(peer);
  if (!first) {
    record_.duplicates += seat.peer.counters().duplicates;
    population_.renew(peer, lives_.sessions(peer) + 1);
  }
  seat.alive = true;
  observe(EventKind::kStart, peer, kNoPeer);
  const std::uint32_t earlier = first ? to_number(peer) : lives_.alive();
  if (earlier == 0) return;  // the first one waits for the others
  Random random = stream(seed_, std::uint64_t{lives_.sessions(peer)} << 32 | to_number(peer), Purpose::kJoin);
  std::vector<PeerId> contacts;
  for (std::uint32_t i = 0; i < scenario_.topology.contacts; ++i) {
    contacts.push_back(first ? PeerId{static_cast<std::uint32_t>(random.below(earlier))} : lives_.draw(random));
  }
  seat.peer.join(local(peer), contacts, outbox_);
  if (publishes(peer)) {
    ++record_.publishers;
    seat.peer.publish(local(peer), digests_of(peer), outbox_);
  }
  settle(peer);
}

void Simulation::depart(const Event& event) {
  const PeerId peer = event.to;
  if (!lives_.alive(peer) || lives_.sessions(peer) != event.body + 1) return;  // crashed before
  const Duration until = scenario_.churn->until;
  if (until > Duration::zero() && now_ - world_.ready >= until) return;
  if (population_.owns(peer)) count(event);
  const Churn::Session session = world_.churn->session(seed_, peer, event.body);
  end_session(peer, session.graceful, session.away_after);
}

void Simulation::end_session(PeerId peer, bool graceful, std::optional<Duration> away) {
  lives_.end(peer);
  holdings_.go(peer);
  if (away) wheel_.push({now_ + *away, peer, peer, lives_.sessions(peer), 0, 0, EventKind::kStart, 0});
  if (!population_.owns(peer)) return;
  hosting_.clear(peer);
  ++record_.tally.departures;
  Seat& seat = population_.seat(peer);
  if (graceful) {
    observe(EventKind::kDepart, peer, kNoPeer);
    seat.peer.leave(local(peer), outbox_);
    settle(peer);
  } else {
    for (const PeerId neighbor : seat.peer.neighbors()) {
      if (lives_.alive(neighbor)) lose_link(neighbor, peer);
    }
  }
  if (seat.peer.open_queries() > 0) record_.tally.closed += flight_.abandon(peer);
  seat.alive = false;
  seat.timer = kNever;
}

void Simulation::ask(const Event& event) {
  const std::uint32_t question = event.body;
  if (question + 1 < world_.questions.size()) {
    const Question& next = world_.questions[question + 1];
    wheel_.push({next.at, next.origin, next.origin, question + 1, 0, 0, EventKind::kAsk, 0});
  }
  if (population_.owns(event.to)) count(event);
  const PeerId origin = origin_of(question);
  if (origin == kNoPeer || !population_.owns(origin)) return;
  Seat& seat = population_.seat(origin);
  if (seat.peer.open_queries() == limits::kMaxOpenQueries) return;
  const std::uint32_t item = world_.questions[question].item;
  SearchRequest request;
  request.text = query_text(item);
  request.strategy = search_.strategy;
  request.ttl = search_.ttl;
  request.walkers = search_.walkers;
  request.time = scenario_.workload.time;
  request.wanted = search_.wanted != 0 ? search_.wanted : scenario_.workload.wanted;
  request.canaries = canaries_for(origin, question);
  hops_here_ = 0;
  QueryTrack about;
  about.question = question;
  about.item = item;
  about.origin = origin;
  about.asked = now_;
  about.available = available(item) - (holdings_.holds(origin, item) ? 1 : 0);
  observe(EventKind::kAsk, origin, kNoPeer);
  const QueryId id = seat.peer.ask(local(origin), std::move(request), outbox_);
  flight_.open(id, about);
  ++record_.tally.asked;
  settle(origin);
}

/// Copies at those who would say so: in a network where nobody comes or goes, droppers' are not counted.
std::uint32_t Simulation::available(std::uint32_t item) const {
  if (attackers_.empty() || is_changing(scenario_)) return holdings_.copies(item);
  const std::span<const PeerId> holders = world_.catalog.holders(item);
  return static_cast<std::uint32_t>(std::count_if(holders.begin(), holders.end(), [this](PeerId holder) {
    const std::uint8_t attacker = attackers_[to_number(holder)];
    return attacker == 0 || !attacker_of(scenario_.attackers[attacker - 1].kind).silent();
  }));
}

/// Who asks: the one that the workload names, or another, if he is away or an attacker. Somebody without the item, as far as a
/// few tries find one; kNoPeer if nobody is there.
PeerId Simulation::origin_of(std::uint32_t question) const {
  const auto fits = [&](PeerId peer) { return lives_.alive(peer) && (attackers_.empty() || attackers_[to_number(peer)] == 0); };
  const PeerId named = world_.questions[question].origin;
  if (fits(named)) return named;
  if (lives_.alive() == 0) return kNoPeer;
  Random random = stream(seed_, question, Purpose::kOrigin);
  PeerId origin = kNoPeer;
  for (int tries = 0; tries < kTriesForOrigin; ++tries) {
    const PeerId drawn = lives_.draw(random);
    if (!fits(drawn)) continue;
    origin = drawn;
    if (!holdings_.holds(drawn, world_.questions[question].item)) break;
  }
  return origin;
}

void Simulation::crash(const Event& event) {
  if (population_.owns(event.to)) count(event);
  const CrashSettings& settings = scenario_.crashes[event.body];
  std::vector<PeerId> alive = lives_.all();
  Random random = stream(seed_, event.body, Purpose::kCrash);
  random.shuffle(std::span(alive));
  const std::size_t dying = alive.size() * settings.per_million / 1'000'000;
  for (std::size_t i = 0; i < dying; ++i) {
    const PeerId peer = alive[i];
    std::optional<Duration> away;
    if (settings.back > Duration::zero()) away = settings.back;
    if (world_.churn) away = world_.churn->session(seed_, peer, lives_.sessions(peer) - 1).away_after;
    lives_.end(peer);
    holdings_.go(peer);
    if (away) wheel_.push({now_ + *away, peer, peer, lives_.sessions(peer), 0, 0, EventKind::kStart, 0});
    if (!population_.owns(peer)) continue;
    Seat& seat = population_.seat(peer);
    hosting_.clear(peer);
    ++record_.tally.departures;
    if (seat.peer.open_queries() > 0) record_.tally.closed += flight_.abandon(peer);
    seat.alive = false;
    seat.timer = kNever;
  }
  // Who keeps a link to the dead learns it as if he had sent a message now.
  for (std::size_t i = dying; i < alive.size(); ++i) {
    if (!population_.owns(alive[i])) continue;
    for (const PeerId neighbor : population_.seat(alive[i]).peer.neighbors()) {
      if (!lives_.alive(neighbor)) lose_link(alive[i], neighbor);
    }
  }
}

void Simulation::step_clocks(const Event& event) {
  const ClockStepSettings& settings = scenario_.clock_steps[event.body];
  if (population_.owns(event.to)) count(event);
  for (std::uint32_t i = population_.range().first; i < population_.range().end; ++i) {
    Random random = stream(seed_, std::uint64_t{event.body} << 32 | i, Purpose::kClock);
    if (!random.chance(settings.per_million, 1'000'000)) continue;
    Seat& seat = population_.seat(PeerId{i});
    ahead_[i - population_.range().first] += settings.by;
    observe(EventKind::kStep, PeerId{i}, kNoPeer);
    if (seat.alive) settle(PeerId{i});
  }
}

void Simulation::deed(const Event& event) {
  Seat& seat = population_.seat(event.to);
  const AttackerSettings& settings = scenario_.attackers[seat.attacker - 1];
  wheel_.push({now_ + settings.period, event.to, event.to, 0, 0, 0, EventKind::kDeed, 0});
  if (!seat.alive || attacker_at(seat) == nullptr) return;
  count(event);
  observe(EventKind::kDeed, event.to, kNoPeer);
  Random random = attack_stream(event.to, seat);
  attacker_of(settings.kind).act(local(event.to), seat.peer, crowd_of(seat), random, outbox_);
  // A question of his own is none of the workload's, but must be followed like them.
  for (const overlay::Effect& effect : outbox_) {
    const auto* const lookup = std::get_if<overlay::Lookup>(&effect);
    if (lookup == nullptr) continue;
    QueryTrack about;
    about.question = kNoQuestion;
    about.item = kNoItem;
    about.origin = event.to;
    about.asked = now_;
    flight_.open(lookup->id, about);
  }
  settle(event.to);
}

const Attacker* Simulation::attacker_at(const Seat& seat) const {
  if (seat.attacker == 0) return nullptr;
  const AttackerSettings& settings = scenario_.attackers[seat.attacker - 1];
  const Duration since = now_ - world_.ready;
  const bool attacks = since >= settings.from && (settings.until == Duration::zero() || since < settings.until);
  return attacks ? &attacker_of(settings.kind) : nullptr;
}

Crowd Simulation::crowd_of(const Seat& seat) const {
  return {accomplices_[seat.attacker - 1], [this](Random& random) { return lives_.draw(random); }};
}

/// Fresh for each message that he sends.
Random Simulation::attack_stream(PeerId peer, const Seat& seat) const {
  return stream(seed_, std::uint64_t{seat.sent} << 32 | to_number(peer), Purpose::kAttacker);
}

void Simulation::probe() {
  wheel_.push({now_ + scenario_.probe.every, kNoPeer, PeerId{0}, 0, 0, 0, EventKind::kProbe, 0});
  Sample sample;
  sample.at = now_;
  sample.alive = lives_.alive();
  sample.in_flight = in_flight_;
  sample.tally = record_.tally;
  sample.census = census_of(population_, attackers_);
  if (scenario_.probe.component && options_.parts == 1) {
    Components components(world_.peers);
    components.add(population_, lives_);
    sample.largest_component = components.largest(lives_);
  }
  record_.samples.push_back(sample);
  if (options_.observer != nullptr) options_.observer->sampled(sample, *this);
}

}  // namespace earshot::sim
