// Adding up parts.
#include "sim/run_record.h"

#include <algorithm>
#include <utility>

#include "schema/check.h"

namespace earshot::sim {

namespace {

void add(QueryTrack& sum, const QueryTrack& part) {
  const bool at_origin = part.first_after > Duration::zero();
  if (at_origin) {
    sum.first_hops = part.first_hops;
    sum.first_after = part.first_after;
  }
  sum.available = std::max(sum.available, part.available);
  sum.copies += part.copies;
  sum.hit_messages += part.hit_messages;
  sum.reached += part.reached;
  sum.deepest = std::max(sum.deepest, part.deepest);
  sum.hits += part.hits;
  sum.false_hits += part.false_hits;
  sum.direct += part.direct;
  sum.peers_asked = std::max(sum.peers_asked, part.peers_asked);
  sum.coverage_permille = std::max(sum.coverage_permille, part.coverage_permille);
}

/// What is known of a question in several places becomes one. REQUIRES: sorted by question.
std::vector<QueryTrack> joined(const std::vector<QueryTrack>& tracks) {
  std::vector<QueryTrack> joined;
  for (const QueryTrack& track : tracks) {
    if (joined.empty() || joined.back().question != track.question) {
      joined.push_back(track);
    } else {
      add(joined.back(), track);
    }
  }
  return joined;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  events += other.events;
  messages += other.messages;
  membership_messages += other.membership_messages;
  bytes += other.bytes;
  published_bytes += other.published_bytes;
  lost += other.lost;
  repeated += other.repeated;
  overloaded += other.overloaded;
  arrivals += other.arrivals;
  departures += other.departures;
  asked += other.asked;
  satisfied += other.satisfied;
  closed += other.closed;
  return *this;
}

RunRecord merged(std::vector<RunRecord> parts) {
  EARSHOT_CHECK(!parts.empty());
  RunRecord whole = std::move(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const RunRecord& part = parts[i];
    whole.queries.insert(whole.queries.end(), part.queries.begin(), part.queries.end());
    whole.events += part.events;
    whole.event_hash += part.event_hash;
    whole.messages += part.messages;
    whole.membership_messages += part.membership_messages;
    whole.lost += part.lost;
    whole.duplicates += part.duplicates;
    whole.publishers += part.publishers;
    whole.size_error += part.size_error;
    whole.sized += part.sized;
    whole.links += part.links;
    whole.population_bytes += part.population_bytes;
    whole.flight_bytes += part.flight_bytes;
    whole.wire_frames += part.wire_frames;
    whole.wire_bytes += part.wire_bytes;
    whole.simulated = std::max(whole.simulated, part.simulated);
    whole.tally += part.tally;
    whole.census += part.census;
    EARSHOT_CHECK(part.samples.size() == whole.samples.size());
    for (std::size_t k = 0; k < part.samples.size(); ++k) {
      whole.samples[k].in_flight += part.samples[k].in_flight;
      whole.samples[k].tally += part.samples[k].tally;
      whole.samples[k].census += part.samples[k].census;
    }
  }
  std::stable_sort(whole.queries.begin(), whole.queries.end(), [](const auto& a, const auto& b) { return a.question < b.question; });
  whole.queries = joined(whole.queries);
  whole.copies.clear();
  for (const QueryTrack& track : whole.queries) whole.copies.push_back(track.available);
  return whole;
}

}  // namespace earshot::sim
