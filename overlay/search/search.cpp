// Questions spread, hits gathered; the rules stand in search.h.
#include "overlay/search/search.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "overlay/planted.h"
#include "overlay/search/stem.h"
#include "schema/check.h"
#include "schema/defence.h"
#include "schema/limits.h"

namespace earshot::overlay {

namespace {

/// The largest budget that a copy may have: what lambda 9 asks for, and a fifth more because we may be wrong about the
/// network's size.
std::uint32_t most_visits(const NetworkView& network) {
  const std::uint64_t most = network.peers == 0 ? limits::kMaxVisits : query_visits(network, 9000);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(most + most / 5, limits::kMaxVisits));
}

/// The longest way that hits can come back: that of the strategy that goes farthest.
constexpr std::uint16_t kMaxHitHops = std::max<std::uint16_t>(limits::kMaxFloodTtl, limits::kMaxWalkTtl);

std::shared_ptr<const std::vector<Hit>> no_hits() {
  static const auto none = std::make_shared<const std::vector<Hit>>();
  return none;
}

}  // namespace

QueryId Search::ask(Turn& turn, SearchRequest request, const Strategy& strategy, std::span<const PeerId> neighbors) {
  EARSHOT_CHECK(open_.size() < limits::kMaxOpenQueries);
  Own open;
  SeenQueries::Place place;
  do {  // again only if the table takes the new id for one that it knows: once in 2^32 queries
    open.id.high = turn.random.next();
    open.id.low = turn.random.next();
    place = seen_.find(open.id);
  } while (place.seen());
  seen_.remember(place, self_);
  open.deadline = turn.now + std::max(request.time, request.keep);
  open.request = std::make_shared<const SearchRequest>(std::move(request));
  open.strategy = &strategy;
  const QueryId id = open.id;
  turn.out.emplace_back(Lookup{id, open.request, strategy.meets_digests(), /*own=*/true});
  if (!send_wave(turn, open_.emplace_back(std::move(open)), neighbors) && !stays(open_.back())) {
    close(turn, open_.size() - 1);
  }
  set_deadline();
  return id;
}

std::optional<Search::Sighting> Search::sight(Turn& turn, PeerId from, const Query& query) const {
  ++turn.counters.queries_in;
  const Strategy* const strategy = strategy_of(query.strategy, turn.config);
  if (strategy == nullptr || query.hops == 0 || query.hops > strategy->max_ttl()) {
    ++turn.counters.refused;
    turn.note(from, Deed::kImpossible);
    return std::nullopt;
  }
  if (query.ttl + query.hops > strategy->max_ttl()) turn.note(from, Deed::kImpossible);
  const Sighting sighting{seen_.find(query.id), strategy};
  if (!sighting.place.seen()) return sighting;
  ++turn.counters.duplicates;
  if (query.direct || !strategy->relays_repeats()) return std::nullopt;
  return sighting;
}

void Search::receive(Turn& turn, PeerId from, const Query& query, const Sighting& sighting,
                     std::span<const PeerId> neighbors) {
  const bool first = !sighting.place.seen();
  if (query.direct) {
    if (!may_ask_directly(turn.now)) {
      ++turn.counters.refused;
      return;
    }
    seen_.remember(sighting.place, from);
    turn.out.emplace_back(Lookup{query.id, query.request, /*hosted=*/false, /*own=*/false, from});
    return;
  }
  if (first && !planted(Bug::kForgetsQueries)) seen_.remember(sighting.place, from);
  if (query.stem && pass_along(turn, from, query, sighting, neighbors)) return;
  Query clamped = query;
  clamped.stem = false;
  if (stands(Defence::kTtlClamp)) clamped.ttl = std::min<std::uint16_t>(query.ttl, sighting.strategy->max_ttl() - query.hops);
  if (query.visits > 0) clamped.visits = std::min(query.visits, most_visits(turn.network));
  if (planted(Bug::kLivesTooLong)) ++clamped.ttl;
  Spread spread(turn, neighbors);
  sighting.strategy->relay(clamped, from, first, spread);
  turn.counters.queries_out += spread.sent();
  if (first && sighting.strategy->looks(query)) {
    turn.out.emplace_back(Lookup{query.id, query.request, sighting.strategy->meets_digests(), /*own=*/false, from});
  }
}

/// Rules 2 and 3 of stem.h; false when the question spreads from here.
bool Search::pass_along(Turn& turn, PeerId from, const Query& query, const Sighting& sighting,
                        std::span<const PeerId> neighbors) {
  const PeerId first_link = sighting.place.seen() ? sighting.place.link() : from;
  if (first_link != from || Stems::spreads_here(seen_, query.id)) return false;
  const PeerId to = Stems(seen_, turn.now, neighbors).onward(seen_, from);
  if (to == kNoPeer) return false;
  const bool first = !sighting.place.seen();
  Query copy = query;
  copy.visits = std::min(query.visits, most_visits(turn.network));
  if (first) turn.out.emplace_back(Lookup{query.id, query.request, sighting.strategy->meets_digests(), /*own=*/false, from});
  if (first && copy.visits > 0 && --copy.visits == 0) return true;
  turn.send(to, std::move(copy));
  ++turn.counters.queries_out;
  return true;
}

void Search::receive(Turn& turn, PeerId from, const Hits& hits) {
  const bool possible = hits.hops > 0 && hits.hops <= kMaxHitHops;
  if (Own* const open = find_open(hits.id); open != nullptr && possible) {
    count_canaries(*open, hits.canaries);
    if (++open->progress.answers > kMaxBoxes) {
      ++turn.counters.boxes_dropped;
    } else if (hits.box != nullptr) {
      turn.out.emplace_back(overlay::Open{open->id, hits.box, from, hits.hops});
    }
    return;
  }
  const PeerId back = seen_.find(hits.id).link();
  if (!possible || back == kNoPeer || back == self_ || (hits.box == nullptr && hits.canaries == 0)) {
    turn.counters.boxes_dropped += hits.box != nullptr ? 1 : 0;
    turn.note(from, possible ? Deed::kUnasked : Deed::kImpossible);
    return;
  }
  ++turn.counters.hits_relayed;
  turn.send(planted(Bug::kHitsAstray) ? from : back,
            Hits{hits.id, hits.box, static_cast<std::uint16_t>(hits.hops + 1), hits.canaries});
}

void Search::answer(Turn& turn, const Lookup& lookup, const Found& found, const Hosted& hosted) {
  const QueryId& id = lookup.id;
  if (lookup.own) {
    if (Own* const open = find_open(id)) {
      count_canaries(*open, hosted.canaries);
      deliver(turn, *open, found.hits, /*hops=*/0);
      ask_owners(turn, lookup, hosted.owners);
    } else {
      turn.counters.hits_dropped += static_cast<std::uint32_t>(found.hits.size());
    }
    return;
  }
  if (found.box == nullptr && hosted.canaries == 0 && hosted.owners.empty()) return;
  const PeerId back = seen_.find(id).link();
  if (back == kNoPeer || back == self_) {
    turn.counters.boxes_dropped += found.box != nullptr ? 1 : 0;
    return;
  }
  if (found.box != nullptr || hosted.canaries != 0) turn.send(back, Hits{id, found.box, /*hops=*/1, hosted.canaries});
  ask_owners(turn, lookup, hosted.owners);
}

void Search::opened(Turn& turn, const overlay::Open& box, std::span<const Hit> hits) {
  if (hits.empty()) ++turn.counters.boxes_dropped;
  turn.note(box.from, hits.empty() ? Deed::kBadBox : Deed::kUseful);
  if (Own* const open = find_open(box.id)) {
    deliver(turn, *open, hits, box.hops);
  } else {
    turn.counters.hits_dropped += static_cast<std::uint32_t>(hits.size());
  }
}

void Search::ask_owners(Turn& turn, const Lookup& lookup, std::span<const PeerId> owners) {
  for (const PeerId owner : owners.first(std::min(owners.size(), limits::kMaxOwnersPerAnswer))) {
    if (owner == self_ || owner == kNoPeer) continue;
    turn.send(owner, Query{lookup.id, lookup.request, StrategyKind::kBubble, /*ttl=*/0, /*hops=*/1,
                         /*visits=*/0, /*direct=*/true});
    ++turn.counters.queries_out;
    std::copy_backward(asked_owners_.begin(), asked_owners_.end() - 1, asked_owners_.end());
    asked_owners_[0] = owner;
  }
}

void Search::lost(Turn& turn, PeerId peer) {
  if (std::find(asked_owners_.begin(), asked_owners_.end(), peer) == asked_owners_.end()) return;
  std::replace(asked_owners_.begin(), asked_owners_.end(), peer, kNoPeer);
  turn.out.emplace_back(DropDigest{peer});
}

/// A bucket as one instant: each look-up moves it on by its share of a second, and it may lie so far ahead.
bool Search::may_ask_directly(Instant now) {
  constexpr Duration kOne = Duration(1s) / kDirectPerSecond;
  if (direct_until_ - now > kOne * kDirectAtOnce) return false;
  direct_until_ = std::max(direct_until_, now) + kOne;
  return true;
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
    if (open_[i].next_wave <= turn.now && (open_[i].ends || !send_wave(turn, open_[i], neighbors)) && !stays(open_[i])) {
      close(turn, i);
      continue;
    }
    ++i;
  }
  set_deadline();
}

Search::Own* Search::find_open(const QueryId& id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Own& open) {
    return open.id == id || (open.strategy->renews_id() && open.id.high == id.high && id.low - open.id.low < open.wave);
  });
  return found == open_.end() ? nullptr : &*found;
}

bool Search::stays(Own& open) {
  if (open.request->keep == Duration::zero()) return false;
  open.next_wave = kNever;
  open.ends = false;
  return true;
}

bool Search::send_wave(Turn& turn, Own& open, std::span<const PeerId> neighbors) {
  Query query{open.id, open.request, open.request->strategy, open.request->ttl, /*hops=*/0};
  if (open.strategy->renews_id() && open.wave > 0) {
    query.id.low += open.wave;
    const SeenQueries::Place place = seen_.find(query.id);
    if (!place.seen()) seen_.remember(place, self_);
  }
  const Stems stems(seen_, turn.now, neighbors);
  Spread spread = goes_by_stem(turn, open, neighbors) ? Spread(turn, stems.peers(), neighbors.size(), open.visited)
                                                      : Spread(turn, neighbors, open.visited);
  const std::optional<Next> next = open.strategy->wave(open.wave++, query, open.progress, spread);
  open.next_wave = next ? turn.now + next->wait : kNever;
  open.ends = next && next->end;
  open.visited = spread.visited();
  Progress& progress = open.progress;
  progress.messages_sent += spread.sent();
  progress.peers_asked += spread.expected_peers();
  progress.messages += spread.expected_messages();
  estimate_coverage(turn, open);
  turn.counters.queries_out += spread.sent();
  return !(open.ends && next->wait == Duration::zero());
}

/// Rule 5 of stem.h.
bool Search::goes_by_stem(const Turn& turn, const Own& open, std::span<const PeerId> neighbors) {
  const Stem wanted = open.request->stem;
  if (wanted == Stem::kOff || !open.strategy->may_stem() || neighbors.size() < 2) return false;
  if (wanted == Stem::kOn) return true;
  const std::uint32_t asked = open.visited, all = query_visits(turn.network, turn.config.lambda_permille);
  const bool nothing_heard = open.progress.answers == 0 && std::uint64_t{asked} * 10 > all;
  return turn.network.peers > turn.config.flood_below && neighbors.size() >= 3 && !nothing_heard;
}

void Search::count_canaries(Own& open, std::uint8_t canaries) {
  const auto named = static_cast<std::uint8_t>((1u << open.request->canaries.size()) - 1);
  open.met += static_cast<std::uint32_t>(std::popcount(static_cast<std::uint8_t>(canaries & named)));
}

void Search::estimate_coverage(const Turn& turn, Own& open) {
  const std::uint64_t tried = std::uint64_t{open.visited} * open.request->canaries.size();
  open.progress.coverage = coverage_of(with_meetings(turn.network, tried, open.met), open.progress.peers_asked);
}

void Search::deliver(Turn& turn, Own& open, std::span<const Hit> hits, std::uint16_t hops) {
  auto fresh = std::make_shared<std::vector<Hit>>();
  for (const Hit& hit : hits) {
    if (open.progress.hits == limits::kMaxHitsPerQuery) break;
    std::set<ContentId>& of_holder = open.found[hit.holder];
    const bool is_new = of_holder.size() < limits::kMaxHitsPerHolder && of_holder.insert(hit.track.content).second;
    if (!is_new && !planted(Bug::kDeliversTwice)) continue;
    ++open.progress.hits;
    fresh->push_back(hit);
  }
  turn.counters.hits_dropped += static_cast<std::uint32_t>(hits.size() - fresh->size());
  if (!fresh->empty()) turn.out.emplace_back(Deliver{open.id, std::move(fresh), hops, open.progress, /*last=*/false});
}

void Search::close(Turn& turn, std::size_t position) {
  Own& open = open_[position];
  estimate_coverage(turn, open);
  const auto canaries = static_cast<std::uint32_t>(open.request->canaries.size());
  turn.meetings.tried += canaries * open.visited;
  turn.meetings.met += std::min(open.met, canaries * open.visited);
  turn.out.emplace_back(Deliver{open.id, no_hits(), 0, open.progress, /*last=*/true});
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(position));
}

void Search::set_deadline() {
  next_deadline_ = kNever;
  for (const Own& open : open_) next_deadline_ = std::min({next_deadline_, open.deadline, open.next_wave});
}

}  // namespace earshot::overlay
