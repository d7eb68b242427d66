// Questions spread, hits gathered; the rules stand in search.h.
#include "overlay/search/search.h"

#include <algorithm>
#include <utility>

#include "overlay/planted.h"
#include "schema/check.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

/// The longest way that hits can come back: that of the strategy that goes farthest.
constexpr std::uint16_t kMaxHitHops = std::max<std::uint16_t>(limits::kMaxFloodTtl, limits::kMaxWalkTtl);

std::shared_ptr<const std::vector<Hit>> no_hits() {
  static const auto none = std::make_shared<const std::vector<Hit>>();
  return none;
}

}  // namespace

QueryId Search::ask(Turn& turn, SearchRequest request, const Strategy& strategy, std::span<const PeerId> neighbors) {
  EARSHOT_CHECK(open_.size() < limits::kMaxOpenQueries);
  Open open;
  SeenQueries::Place place;
  do {  // again only if the table takes the new id for one that it knows: once in 2^32 queries
    open.id.high = turn.random.next();
    open.id.low = turn.random.next();
    place = seen_.find(open.id);
  } while (place.seen());
  seen_.remember(place, self_);
  open.deadline = turn.now + request.time;
  open.request = std::make_shared<const SearchRequest>(std::move(request));
  open.strategy = &strategy;
  turn.out.emplace_back(Lookup{open.id, open.request});
  send_wave(turn, open_.emplace_back(std::move(open)), neighbors);
  set_deadline();
  return open_.back().id;
}

std::optional<Search::Sighting> Search::sight(Turn& turn, const Query& query) const {
  ++turn.counters.queries_in;
  const Strategy* const strategy = strategy_of(query.strategy);
  if (strategy == nullptr || query.hops == 0 || query.hops > strategy->max_ttl()) {
    ++turn.counters.refused;
    return std::nullopt;
  }
  const Sighting sighting{seen_.find(query.id), strategy};
  if (!sighting.place.seen()) return sighting;
  ++turn.counters.duplicates;
  if (!strategy->relays_repeats()) return std::nullopt;
  return sighting;
}

void Search::receive(Turn& turn, PeerId from, const Query& query, const Sighting& sighting,
                     std::span<const PeerId> neighbors) {
  const bool first = !sighting.place.seen();
  if (first && !planted(Bug::kForgetsQueries)) seen_.remember(sighting.place, from);
  Query clamped = query;
  clamped.ttl = std::min<std::uint16_t>(query.ttl, sighting.strategy->max_ttl() - query.hops);
  if (planted(Bug::kLivesTooLong)) ++clamped.ttl;
  Spread spread(turn, neighbors);
  sighting.strategy->relay(clamped, from, spread);
  turn.counters.queries_out += spread.sent();
  if (first) turn.out.emplace_back(Lookup{query.id, query.request});
}

void Search::receive(Turn& turn, const Hits& hits) {
  const bool possible = hits.hops > 0 && hits.hops <= kMaxHitHops;
  if (Open* const open = find_open(hits.id); open != nullptr && possible) {
    ++open->progress.answers;
    deliver(turn, *open, *hits.hits, hits.hops);
    return;
  }
  const PeerId back = seen_.find(hits.id).link();
  if (!possible || back == kNoPeer || back == self_ || hits.hits->empty()) {
    turn.counters.hits_dropped += hits.hits->size();
    return;
  }
  ++turn.counters.hits_relayed;
  const PeerId to = planted(Bug::kHitsAstray) ? hits.hits->front().holder : back;
  turn.send(to, Hits{hits.id, hits.hits, static_cast<std::uint16_t>(hits.hops + 1)});
}

void Search::answer(Turn& turn, const QueryId& id, std::span<const Hit> hits) {
  if (hits.empty()) return;
  if (Open* const open = find_open(id)) {
    deliver(turn, *open, hits, /*hops=*/0);
    return;
  }
  const PeerId back = seen_.find(id).link();
  if (back == kNoPeer || back == self_) {
    turn.counters.hits_dropped += hits.size();
    return;
  }
  const std::size_t most = std::min<std::size_t>(turn.config.hits_per_answer, limits::kMaxHitsPerMessage);
  const std::span<const Hit> best = hits.first(std::min(hits.size(), most));
  turn.send(back, Hits{id, std::make_shared<const std::vector<Hit>>(best.begin(), best.end()), /*hops=*/1});
}

void Search::cancel(Turn& turn, const QueryId& id) {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (open_[i].id != id) continue;
    close(turn, i);
    set_deadline();
    return;
  }
}

void Search::tick(Turn& turn, std::span<const PeerId> neighbors) {
  if (turn.now < next_deadline_) return;
  for (std::size_t i = 0; i < open_.size();) {
    if (open_[i].deadline <= turn.now && !planted(Bug::kNeverCloses)) {
      close(turn, i);
      continue;
    }
    if (open_[i].next_wave <= turn.now) send_wave(turn, open_[i], neighbors);
    ++i;
  }
  set_deadline();
}

Search::Open* Search::find_open(const QueryId& id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.id == id; });
  return found == open_.end() ? nullptr : &*found;
}

void Search::send_wave(Turn& turn, Open& open, std::span<const PeerId> neighbors) {
  Query query{open.id, open.request, open.request->strategy, open.request->ttl, /*hops=*/0};
  Spread spread(turn, neighbors);
  const std::optional<Duration> delay = open.strategy->wave(open.wave++, query, open.progress, spread);
  open.next_wave = delay ? turn.now + *delay : kNever;
  open.progress.messages_sent += spread.sent();
  turn.counters.queries_out += spread.sent();
}

void Search::deliver(Turn& turn, Open& open, std::span<const Hit> hits, std::uint16_t hops) {
  auto fresh = std::make_shared<std::vector<Hit>>();
  for (const Hit& hit : hits) {
    if (open.progress.hits == limits::kMaxHitsPerQuery) break;
    std::set<ContentId>& of_holder = open.found[hit.holder];
    const bool is_new = of_holder.size() < limits::kMaxHitsPerHolder && of_holder.insert(hit.track.content).second;
    if (!is_new && !planted(Bug::kDeliversTwice)) continue;
    ++open.progress.hits;
    fresh->push_back(hit);
  }
  turn.counters.hits_dropped += hits.size() - fresh->size();
  if (!fresh->empty()) turn.out.emplace_back(Deliver{open.id, std::move(fresh), hops, open.progress, /*last=*/false});
}

void Search::close(Turn& turn, std::size_t position) {
  turn.out.emplace_back(Deliver{open_[position].id, no_hits(), 0, open_[position].progress, /*last=*/true});
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(position));
}

void Search::set_deadline() {
  next_deadline_ = kNever;
  for (const Open& open : open_) next_deadline_ = std::min({next_deadline_, open.deadline, open.next_wave});
}

}  // namespace earshot::overlay
