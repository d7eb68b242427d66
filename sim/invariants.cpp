// Checking peers while they work.
#include "sim/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "schema/limits.h"
#include "sim/catalog.h"

namespace earshot::sim {

namespace {

std::pair<std::uint64_t, std::uint64_t> key_of(const QueryId& id) { return {id.high, id.low}; }

bool is_message(EventKind kind) { return static_cast<std::size_t>(kind) < std::variant_size_v<overlay::Message>; }

bool contains(std::span<const PeerId> view, PeerId peer) { return std::find(view.begin(), view.end(), peer) != view.end(); }

}  // namespace

void Invariants::begins(Instant, PeerId self, EventKind kind, PeerId from) {
  turn_ = {kind, from, std::nullopt, 0};
  if (kind == EventKind::kStart) sessions_[self] = {};
  if (kind == EventKind::kLost) sessions_[self].connected.erase(from);
}

void Invariants::arrives(Instant, PeerId, PeerId, const overlay::Message& message) {
  if (const auto* const query = std::get_if<overlay::Query>(&message)) turn_.query = *query;
}

void Invariants::wants(Instant now, PeerId self, const overlay::Effect& effect) {
  if (exempt(self)) return;
  std::visit([&](const auto& one) { check(now, self, one); }, effect);
}

void Invariants::check(Instant now, PeerId self, const overlay::Send& send) {
  const auto* const asked = std::get_if<overlay::Query>(&send.message);
  turn_.sends += asked != nullptr && asked->direct ? 0 : 1;
  if (send.to == self || send.to == kNoPeer) return broken(now, self, "sends to itself or to nobody");
  if (asked != nullptr) return check_query(now, self, send.to, *asked);
  const auto* const hits = std::get_if<overlay::Hits>(&send.message);
  if (hits == nullptr) return;
  const auto& seen = sessions_[self].seen;
  const auto found = seen.find(key_of(hits->id));
  if (found == seen.end()) return broken(now, self, "sends hits for a query that never passed here");
  if (found->second.link != send.to) return broken(now, self, "sends hits elsewhere than where the query came from");
}

void Invariants::check_query(Instant now, PeerId self, PeerId to, const overlay::Query& query) {
  Session& session = sessions_[self];
  const Id id = key_of(query.id);
  if (query.direct) {
    if (!session.seen.contains(id)) broken(now, self, "asks an owner for nobody");
    return;
  }
  const bool passes_on = turn_.query && key_of(turn_.query->id) == id;
  if (!passes_on) {
    const bool asks = turn_.kind == EventKind::kAsk || (turn_.kind == EventKind::kTick && session.own.contains(id));
    if (!asks) return broken(now, self, "passes on a query that did not just come");
    if (query.hops != 1) return broken(now, self, "asks with hops behind it");
  } else {
    const bool on_a_stem = query.stem && turn_.query->stem && query.hops == turn_.query->hops && query.ttl == turn_.query->ttl;
    const bool lives_on = query.hops != turn_.query->hops + 1 || query.ttl >= turn_.query->ttl;
    if (!on_a_stem && lives_on) return broken(now, self, "passes on a query that lives too long");
  }
  if (query.strategy != StrategyKind::kFlood) return;
  if (passes_on && to == turn_.from) return broken(now, self, "floods a query back to where it came from");
  if (!session.seen[id].sent_to.insert(to).second) return broken(now, self, "floods a query twice to the same neighbour");
}

void Invariants::check(Instant now, PeerId self, const overlay::Lookup& lookup) {
  Session& session = sessions_[self];
  const Id id = key_of(lookup.id);
  if (turn_.kind == EventKind::kAsk) {
    session.own[id].asked = now;
  } else if (!turn_.query || key_of(turn_.query->id) != id) {
    return broken(now, self, "looks up a query that did not just come");
  }
  Seen& seen = session.seen[id];
  if (seen.link != kNoPeer) return broken(now, self, "works on a query twice");
  seen.link = turn_.kind == EventKind::kAsk ? self : turn_.from;
}

void Invariants::check(Instant now, PeerId self, const overlay::Connect& connect) {
  if (!sessions_[self].connected.insert(connect.peer).second) broken(now, self, "connects to who is connected");
}

void Invariants::check(Instant now, PeerId self, const overlay::Disconnect& disconnect) {
  if (sessions_[self].connected.erase(disconnect.peer) == 0) broken(now, self, "disconnects from who is not connected");
}

/// Who is banned is cut without a word, neighbor or not.
void Invariants::check(Instant now, PeerId self, const overlay::Ban& ban) {
  sessions_[self].connected.erase(ban.peer);
  if (roles_.attacker_of(ban.peer) == 0) broken(now, self, "bans an honest peer");
}

void Invariants::check(Instant now, PeerId self, const overlay::Deliver& deliver) {
  Own& own = sessions_[self].own[key_of(deliver.id)];
  if (own.closed) return broken(now, self, "delivers after the last delivery");
  own.closed = deliver.last;
  if (now - own.asked > scenario_.workload.time) return broken(now, self, "delivers after the question's time");
  for (const Hit& hit : *deliver.hits) {
    std::uint64_t content = 0;
    for (const std::uint8_t byte : hit.track.content.digest) content = mixed(content, byte);
    if (!own.hits.emplace(hit.holder, content).second) return broken(now, self, "delivers a hit twice");
    if (is_false(hit) && roles_.attacker_of(hit.holder) == 0) return broken(now, self, "delivers what its holder never said");
  }
}

void Invariants::settled(Instant now, PeerId self, const Simulation& simulation) {
  if (!exempt(self)) check_turn(now, simulation.population().seat(self), simulation.local(self));
  turn_ = {};
}

void Invariants::check_turn(Instant now, const Seat& seat, Instant local) {
  const PeerId self = seat.peer.self();
  const std::size_t most = std::size_t{scenario_.protocol.active_size} + 3 + (turn_.query ? 1 : 0);
  if (is_message(turn_.kind) && turn_.sends > most) return broken(now, self, "answers one message with too many");
  if (turn_.kind == EventKind::kTick && seat.peer.next_deadline() <= local) return broken(now, self, "is due again after its tick");
  check_views(now, seat.peer);
}

void Invariants::check_views(Instant now, const overlay::Peer& peer) {
  const PeerId self = peer.self();
  const std::span<const PeerId> active = peer.neighbors();
  const std::span<const PeerId> passive = peer.passive_view();
  const std::set<PeerId> neighbors(active.begin(), active.end());
  const std::set<PeerId> names(passive.begin(), passive.end());
  if (neighbors.size() != active.size() || names.size() != passive.size()) return broken(now, self, "has somebody twice in a view");
  if (neighbors.contains(self) || names.contains(self)) return broken(now, self, "has itself in a view");
  if (std::any_of(active.begin(), active.end(), [&](PeerId one) { return names.contains(one); })) {
    return broken(now, self, "has somebody in both views");
  }
  if (active.size() > scenario_.protocol.active_size || passive.size() > scenario_.protocol.passive_size) {
    return broken(now, self, "has a view larger than its size");
  }
  if (turn_.kind == EventKind::kLost && (contains(active, turn_.from) || contains(passive, turn_.from))) {
    return broken(now, self, "keeps who is lost");
  }
  if (sessions_[self].connected != neighbors) return broken(now, self, "is connected to others than its neighbours");
}

void Invariants::sampled(const Sample& sample, const Simulation&) {
  if (last_sample_ && last_sample_->at >= peace_ && sample.alive > 0) {
    const double seconds = static_cast<double>((sample.at - last_sample_->at).count()) / 1e6;
    const auto messages = static_cast<double>(sample.tally.membership_messages - last_sample_->tally.membership_messages);
    const double periods = seconds * 1e6 / static_cast<double>(scenario_.protocol.shuffle_period.count());
    if (messages > kUpkeep * periods * sample.alive) broken(sample.at, kNoPeer, fmt::format("upkeep takes {:.0f} messages in {:.0f} s", messages, seconds));
  }
  last_sample_ = sample;
}

void Invariants::check_closed(Instant end, const Lives& lives) {
  for (const auto& [peer, session] : sessions_) {
    if (!lives.alive(peer) || exempt(peer)) continue;
    for (const auto& [id, own] : session.own) {
      if (!own.closed && own.asked + scenario_.workload.time < end) return broken(end, peer, "never closed a question");
    }
  }
}

void Invariants::broken(Instant now, PeerId self, std::string_view what) {
  if (violation_) return;
  const double seconds = static_cast<double>((now - Instant{}).count()) / 1e6;
  violation_ = self == kNoPeer ? fmt::format("at {:.3f} s: {}", seconds, what) : fmt::format("at {:.3f} s peer {} {}", seconds, to_number(self), what);
}

}  // namespace earshot::sim
