// Floods and walks over bits.
#include "sim/bare.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "overlay/search/strategy.h"
#include "schema/check.h"
#include "schema/prefetch.h"
#include "sim/streams.h"

namespace earshot::sim {

namespace {

constexpr int kBlockBits = 15;
constexpr int kLongestWindowBits = 13;
constexpr std::size_t kAhead = 12;
/// Walkers that step together: enough for some hundred misses to overlap, and 2 bits x peers x kWalksTogether of marks.
constexpr std::uint32_t kWalksTogether = 32;

int window_bits_of(Duration shortest) {
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(shortest.count(), 1));
  return std::min(kLongestWindowBits, static_cast<int>(std::bit_width(microseconds)) - 1);
}

constexpr std::uint32_t kPeersPerWord = 32;

std::uint64_t seen_bit(std::uint32_t peer) { return std::uint64_t{1} << (2 * (peer % kPeersPerWord)); }
std::uint64_t holder_bit(std::uint32_t peer) { return seen_bit(peer) << 1; }

}  // namespace

BareRun::BareRun(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed)
    : scenario_(scenario), world_(world), graph_(*world.topology), search_(search), seed_(seed),
      network_(scenario.network, seed, world.distances ? &*world.distances : nullptr),
      ring_(window_bits_of(network_.shortest()), static_cast<std::uint32_t>(network_.longest().count()) + UINT8_MAX, world.peers,
            search.strategy == StrategyKind::kWalk ? 31 : kBlockBits) {
  record_.simulated = Duration::zero();
}

void BareRun::run() {
  const auto questions = static_cast<std::uint32_t>(world_.questions.size());
  const std::uint32_t together = search_.strategy == StrategyKind::kWalk ? kWalksTogether : 1;
  slots_.resize(std::min(together, questions));
  for (Slot& slot : slots_) {
    slot.marks.resize(world_.peers / kPeersPerWord + 1);
  }
  for (std::uint32_t first = 0; first < questions; first += together) {
    if (search_.strategy == StrategyKind::kWalk) {
      walk(first, std::min(together, questions - first));
    } else {
      flood(first);
    }
  }
}

void BareRun::begin(Slot& slot, std::uint32_t question) {
  const Question& asked = world_.questions[question];
  std::fill(slot.marks.begin(), slot.marks.end(), 0);
  for (const PeerId holder : world_.catalog.holders(asked.item)) {
    slot.marks[to_number(holder) / kPeersPerWord] |= holder_bit(to_number(holder));
  }
  slot.marks[to_number(asked.origin) / kPeersPerWord] |= seen_bit(to_number(asked.origin));
  const bool own = world_.catalog.holds(asked.origin, asked.item);
  slot.track = {};
  slot.track.question = question;
  slot.track.item = asked.item;
  slot.track.origin = asked.origin;
  slot.track.asked = asked.at;
  slot.track.available = static_cast<std::uint32_t>(world_.catalog.holders(asked.item).size()) - (own ? 1 : 0);
  Random random = stream(seed_, question, Purpose::kBare);
  slot.key = random.next();
  ring_.restart();
}

void BareRun::end(Slot& slot) {
  record_.messages += slot.track.copies + slot.track.hit_messages;
  record_.duplicates += slot.track.copies - slot.track.reached;
  ++record_.tally.asked;
  ++record_.tally.closed;
  record_.tally.satisfied += slot.track.hits > 0 ? 1 : 0;
  record_.queries.push_back(slot.track);
}

void BareRun::flood(std::uint32_t question) {
  Slot& slot = slots_.front();
  begin(slot, question);
  const std::uint16_t ttl = search_.ttl != 0 ? search_.ttl : scenario_.protocol.flood_ttl;
  const std::uint32_t origin = to_number(slot.track.origin);
  std::uint64_t copies = 0;
  for (const PeerId neighbor : graph_.neighbors(slot.track.origin)) {
    ring_.push({latency(origin, to_number(neighbor)), to_number(neighbor), origin, static_cast<std::uint16_t>(ttl - 1), 0});
    ++copies;
  }
  for (std::span<const Step> block = ring_.next(); !block.empty(); block = ring_.next()) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (i + kAhead < block.size()) prefetch(block[i + kAhead]);
      const Step step = block[i];
      if (!visit(slot, step, ttl)) continue;
      if (step.ttl == 0) continue;
      for (const PeerId neighbor : graph_.neighbors(PeerId{step.to})) {
        const std::uint32_t next = to_number(neighbor);
        if (next == step.from) continue;
        ring_.push({step.at + latency(step.to, next), next, step.to, static_cast<std::uint16_t>(step.ttl - 1), 0});
        ++copies;
      }
    }
  }
  slot.track.copies = copies;
  end(slot);
}

void BareRun::walk(std::uint32_t first, std::uint32_t count) {
  const std::uint16_t ttl = search_.ttl != 0 ? search_.ttl : scenario_.protocol.walk_ttl;
  const std::uint32_t walkers = search_.walkers != 0 ? search_.walkers : scenario_.protocol.walkers;
  for (std::uint32_t i = 0; i < count; ++i) {
    Slot& slot = slots_[i];
    begin(slot, first + i);
    const std::span<const PeerId> neighbors = graph_.neighbors(slot.track.origin);
    const std::uint32_t origin = to_number(slot.track.origin);
    for (std::uint32_t walker = 0; walker < walkers && !neighbors.empty(); ++walker) {
      const std::uint32_t next = to_number(neighbors[(slot.key % neighbors.size() + walker) % neighbors.size()]);
      // A microsecond apart, so that two on the same way do not stay on it.
      ring_.push({latency(origin, next) + walker, next, origin, static_cast<std::uint16_t>(ttl - 1), static_cast<std::uint16_t>(i)});
      ++slot.track.copies;
    }
  }
  for (std::span<const Step> block = ring_.next(); !block.empty(); block = ring_.next()) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (i + kAhead < block.size()) prefetch(block[i + kAhead]);
      const Step step = block[i];
      Slot& slot = slots_[step.slot];
      visit(slot, step, ttl);
      if (step.ttl == 0) continue;
      const std::span<const PeerId> neighbors = graph_.neighbors(PeerId{step.to});
      const std::uint64_t draw = mixed(slot.key ^ std::uint64_t{step.at} << 32, std::uint64_t{step.to} << 32 | step.from);
      // One of the others, each as likely: the place of the one he came from is taken by the last.
      const std::uint64_t others = std::max<std::uint64_t>(1, neighbors.size() - 1);
      std::uint32_t next = to_number(neighbors[(draw >> 32) * others >> 32]);
      if (next == step.from) next = to_number(neighbors.back());
      ring_.push({step.at + latency(step.to, next), next, step.to, static_cast<std::uint16_t>(step.ttl - 1), step.slot});
      ++slot.track.copies;
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) end(slots_[i]);
}

/// A step arrives. False when its peer had seen the query.
bool BareRun::visit(Slot& slot, const Step& step, std::uint16_t ttl_at_origin) {
  std::uint64_t& marks = slot.marks[step.to / kPeersPerWord];
  if ((marks & seen_bit(step.to)) != 0) return false;
  marks |= seen_bit(step.to);
  const auto hops = static_cast<std::uint32_t>(ttl_at_origin - step.ttl);
  ++slot.track.reached;
  slot.track.deepest = std::max(slot.track.deepest, hops);
  if ((marks & holder_bit(step.to)) != 0) answer(slot, step, hops);
  return true;
}

void BareRun::answer(Slot& slot, const Step& step, std::uint32_t hops) {
  slot.track.hit_messages += hops;
  const Duration after = 2 * Duration(step.at);
  if (after > scenario_.workload.time) return;
  if (slot.track.hits++ == 0 || after < slot.track.first_after) {
    slot.track.first_after = after;
    slot.track.first_hops = hops;
  }
}

std::uint32_t BareRun::latency(std::uint32_t from, std::uint32_t to) const {
  return static_cast<std::uint32_t>(network_.latency(PeerId{from}, PeerId{to}).count());
}

void BareRun::prefetch(const Step& step) const {
  prefetch_to_write(&slots_[step.slot].marks[step.to / kPeersPerWord]);
  graph_.prefetch(PeerId{step.to});
}

RunRecord BareRun::record() {
  record_.seed = seed_;
  record_.search = search_.name;
  record_.strategy = std::string(overlay::strategies()[static_cast<std::size_t>(search_.strategy)].name);
  record_.peers = record_.alive = world_.peers;
  for (const QueryTrack& track : record_.queries) {
    record_.copies.push_back(track.available);
    const std::uint64_t found = std::uint64_t{track.reached} << 32 | track.hits;
    record_.event_hash += mixed(mixed(track.question + 1, track.copies), mixed(found, static_cast<std::uint64_t>(track.first_after.count())));
    record_.simulated = std::max(record_.simulated, track.asked - Instant{} + scenario_.workload.time);
  }
  record_.events = record_.tally.events = record_.messages;
  record_.tally.messages = record_.messages;
  record_.links = record_.census.links = record_.census.honest_links = 2 * graph_.edges();
  record_.census.honest = world_.peers;
  Components components(world_.peers);
  for (std::uint32_t i = 0; i < world_.peers; ++i) {
    const std::span<const PeerId> neighbors = graph_.neighbors(PeerId{i});
    for (const PeerId neighbor : neighbors) components.join(PeerId{i}, neighbor);
    if (neighbors.size() >= record_.degrees.size()) record_.degrees.resize(neighbors.size() + 1);
    ++record_.degrees[neighbors.size()];
  }
  Lives everybody(world_.peers);
  for (std::uint32_t i = 0; i < world_.peers; ++i) everybody.begin(PeerId{i});
  record_.largest_component = components.largest(everybody);
  for (const Slot& slot : slots_) record_.population_bytes += slot.marks.capacity() * sizeof(std::uint64_t);
  record_.population_bytes += graph_.bytes();
  record_.flight_bytes = ring_.bytes();
  return std::move(record_);
}

}  // namespace earshot::sim
