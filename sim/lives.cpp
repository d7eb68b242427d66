// Sessions.
#include "sim/lives.h"

#include <utility>

#include "schema/check.h"
#include "sim/streams.h"

namespace earshot::sim {

Result<Churn> Churn::from(const ChurnSettings& settings) {
  Result<DurationLaw> session = DurationLaw::from(settings.session);
  if (!session) return fail_in("churn.session", std::move(session.error()));
  Result<DurationLaw> away = DurationLaw::from(settings.away);
  if (!away) return fail_in("churn.away", std::move(away.error()));
  return Churn(std::move(*session), std::move(*away), settings.graceful_per_million);
}

Churn::Session Churn::session(std::uint64_t seed, PeerId peer, std::uint32_t number) const {
  Random random = stream(seed, std::uint64_t{number} << 32 | to_number(peer), Purpose::kSession);
  Session session;
  session.length = session_.draw(random);
  session.away_after = away_.draw(random);
  session.graceful = random.chance(graceful_per_million_, 1'000'000);
  return session;
}

void Lives::begin(PeerId peer) {
  EARSHOT_CHECK(!alive(peer));
  places_[to_number(peer)] = alive();
  present_.push_back(peer);
  ++begun_[to_number(peer)];
}

void Lives::end(PeerId peer) {
  EARSHOT_CHECK(alive(peer));
  const std::uint32_t place = std::exchange(places_[to_number(peer)], kAway);
  present_[place] = present_.back();
  present_.pop_back();
  if (place < present_.size()) places_[to_number(present_[place])] = place;
}

std::vector<PeerId> Lives::all() const {
  std::vector<PeerId> all;
  all.reserve(present_.size());
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    if (places_[i] != kAway) all.push_back(PeerId{i});
  }
  return all;
}

}  // namespace earshot::sim
