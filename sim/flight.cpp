// Packing and unpacking messages.
#include "sim/flight.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "schema/check.h"
#include "schema/limits.h"

namespace earshot::sim {

namespace {

std::uint64_t digest_of(ByteView bytes) {
  std::uint64_t hash = bytes.size();
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3u;
  return hash;
}

std::uint64_t digest_of(const std::vector<Hit>& hits) {
  std::uint64_t hash = hits.size();
  for (const Hit& hit : hits) {
    hash = mixed(hash, digest_of(hit.track.content.digest));
    hash = mixed(hash, digest_of(as_bytes(hit.track.title)));
    hash = mixed(hash, std::uint64_t{to_number(hit.holder)} << 32 | hit.score);
  }
  return hash;
}

// Deliveries are told apart by the place of their message in the variant.
template <EventKind kind, class Alternative>
inline constexpr bool kMatches =
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(kind), overlay::Message>, Alternative>;
static_assert(kMatches<EventKind::kJoin, overlay::Join> && kMatches<EventKind::kForwardJoin, overlay::ForwardJoin> &&
              kMatches<EventKind::kNeighbor, overlay::Neighbor> && kMatches<EventKind::kNeighborReply, overlay::NeighborReply> &&
              kMatches<EventKind::kLeave, overlay::Leave> && kMatches<EventKind::kShuffle, overlay::Shuffle> &&
              kMatches<EventKind::kShuffleReply, overlay::ShuffleReply> && kMatches<EventKind::kQuery, overlay::Query> &&
              kMatches<EventKind::kHits, overlay::Hits> && kMatches<EventKind::kPublish, overlay::Publish> &&
              kMatches<EventKind::kEstimate, overlay::Estimate>);

// Event::flag of a query: the strategy of this copy, whether it is direct, and its wave (waves have ids that follow the query's).
constexpr std::uint8_t kStrategyBits = 0x07;
constexpr std::uint8_t kDirect = 0x08;
constexpr unsigned kWaveShift = 4;  // three bits; the highest one is the simulation's
static_assert(static_cast<std::uint8_t>(kLastStrategyKind) <= kStrategyBits && limits::kMaxFloodTtl <= 8);

}  // namespace

template <class T>
Flight::Index Flight::Pool<T>::add(T thing) {
  if (free_.empty()) {
    things_.push_back(std::move(thing));
    return static_cast<Index>(things_.size() - 1);
  }
  const Index index = free_.back();
  free_.pop_back();
  things_[index] = std::move(thing);
  return index;
}

template <class T>
void Flight::Pool<T>::remove(Index index) {
  things_[index] = T();
  free_.push_back(index);
}

Flight::Index Flight::open(const QueryId& id, const QueryTrack& about) {
  EARSHOT_CHECK(!by_id_.contains(id.high));
  const Index index = begin(id, about);
  tracks_[index].open = true;
  return index;
}

Flight::Index Flight::begin(const QueryId& id, const QueryTrack& about) {
  LiveTrack track;
  static_cast<QueryTrack&>(track) = about;
  track.id = id;
  last_ = tracks_.add(std::move(track));
  by_id_.emplace(id.high, last_);
  return last_;
}

Flight::Index Flight::find(const QueryId& id) {
  const auto found = by_id_.find(id.high);
  EARSHOT_CHECK(found != by_id_.end());
  return last_ = found->second;
}

void Flight::close(Index index) {
  tracks_[index].open = false;
  end_if_landed(index);
}

std::uint32_t Flight::abandon(PeerId origin) {
  std::uint32_t closed = 0;
  for (Index index = 0; index < tracks_.size(); ++index) {
    if (!tracks_[index].open || tracks_[index].origin != origin) continue;
    closed += tracks_[index].question == kNoQuestion ? 0 : 1;
    close(index);
  }
  return closed;
}

void Flight::end(Index index) {
  LiveTrack& track = tracks_[index];
  by_id_.erase(track.id.high);
  if (last_ == index) last_ = kNone;
  if (track.question != kNoQuestion) ended_.push_back(track);
  tracks_.remove(index);
}

std::vector<QueryTrack> Flight::take_tracks() {
  for (const auto& [id, index] : by_id_) {  // sorted below
    if (tracks_[index].question != kNoQuestion) ended_.push_back(tracks_[index]);
  }
  by_id_.clear();
  std::sort(ended_.begin(), ended_.end(), [](const auto& a, const auto& b) { return a.question < b.question; });
  return std::exchange(ended_, {});
}

void Flight::count(const overlay::Message& message) {
  if (const auto* const query = std::get_if<overlay::Query>(&message)) {
    LiveTrack& track = tracks_[track_of(query->id)];
    ++track.copies;
    track.direct += query->direct ? 1 : 0;
    share(track, *query);
  } else if (const auto* const hits = std::get_if<overlay::Hits>(&message)) {
    ++tracks_[track_of(hits->id)].hit_messages;
  }
}

void Flight::share(LiveTrack& track, const overlay::Query& message) {
  if (const auto* const shared = std::get_if<overlay::Query>(&track.message)) {
    // Whoever passes a question on passes on the same one, though perhaps a copy that came through the wire.
    EARSHOT_CHECK(message.request == shared->request || message.request->text == shared->request->text);
    return;
  }
  // The first copy: from here on the question is shared.
  track.message = message;
  track.digest = mixed(mixed(track.id.high, track.id.low), digest_of(as_bytes(message.request->text))) | 1;
}

Crossing Flight::leave(const overlay::Message& message, const Event& event) {
  Crossing crossing{event, message, {}, 0};
  crossing.event.kind = static_cast<EventKind>(message.index());
  const auto* const query = std::get_if<overlay::Query>(&message);
  const auto* const hits = std::get_if<overlay::Hits>(&message);
  if (query == nullptr && hits == nullptr) return crossing;
  const LiveTrack& track = tracks_[track_of(query != nullptr ? query->id : hits->id)];
  crossing.digest = track.digest;
  crossing.query.question = track.question;
  crossing.query.item = track.item;
  crossing.query.origin = track.origin;
  crossing.query.asked = track.asked;
  return crossing;
}

void Flight::enter(const Crossing& crossing, Event& event) {
  event = crossing.event;
  const auto* const query = std::get_if<overlay::Query>(&crossing.message);
  const auto* const hits = std::get_if<overlay::Hits>(&crossing.message);
  if (query != nullptr || hits != nullptr) {
    const QueryId& id = query != nullptr ? query->id : hits->id;
    const auto found = by_id_.find(id.high);
    LiveTrack& track = tracks_[found != by_id_.end() ? found->second : begin(id, crossing.query)];
    track.digest = crossing.digest;
    if (query != nullptr) share(track, *query);
  }
  pack(crossing.message, event);
}

void Flight::pack(const overlay::Message& message, Event& event) {
  event.kind = static_cast<EventKind>(message.index());
  std::visit([&](const auto& one) { fill(one, event); }, message);
}

void Flight::fill(const overlay::Join&, Event&) {}
void Flight::fill(const overlay::Leave&, Event&) {}
void Flight::fill(const overlay::Neighbor& message, Event& event) { event.flag = message.high_priority ? 1 : 0; }
void Flight::fill(const overlay::NeighborReply& message, Event& event) { event.flag = message.accepted ? 1 : 0; }

void Flight::fill(const overlay::ForwardJoin& message, Event& event) {
  event.body = to_number(message.newcomer);
  event.ttl = message.ttl;
}

void Flight::fill(const overlay::Shuffle& message, Event& event) {
  event.body = lists_.add({message.origin, message.peers});
  event.ttl = message.ttl;
}

void Flight::fill(const overlay::ShuffleReply& message, Event& event) { event.body = lists_.add({kNoPeer, message.peers}); }

void Flight::fill(const overlay::Query& message, Event& event) {
  event.body = track_of(message.id);
  event.ttl = message.ttl;
  event.hops = message.hops;
  event.visits = message.visits;
  const std::uint64_t wave = message.id.low - tracks_[event.body].id.low;
  EARSHOT_CHECK(wave < 8);
  event.flag = static_cast<std::uint8_t>(static_cast<std::uint8_t>(message.strategy) | (message.direct ? kDirect : 0) |
                                         wave << kWaveShift);
  ++tracks_[event.body].in_flight;
}

void Flight::fill(const overlay::Hits& message, Event& event) {
  const Index index = track_of(message.id);
  const auto wave = static_cast<std::uint32_t>(message.id.low - tracks_[index].id.low);
  event.body = answers_.add({index, digest_of(*message.hits), message.hits, wave, message.canaries});
  event.hops = message.hops;
  ++tracks_[index].in_flight;
}

void Flight::fill(const overlay::Publish& message, Event& event) {
  event.body = publications_.add(message);
  event.visits = message.visits;
  event.ttl = message.walk;
  event.hops = message.hops;
}

void Flight::fill(const overlay::Estimate& message, Event& event) { event.body = estimates_.add(message); }

const overlay::Message& Flight::message(const Event& event) {
  switch (event.kind) {
    case EventKind::kQuery: {
      last_ = event.body;  // who gets it passes it on
      overlay::Message& shared = tracks_[event.body].message;
      auto& query = std::get<overlay::Query>(shared);
      query.ttl = event.ttl;
      query.hops = event.hops;
      query.visits = event.visits;
      query.strategy = static_cast<StrategyKind>(event.flag & kStrategyBits);
      query.direct = (event.flag & kDirect) != 0;
      query.id.low = tracks_[event.body].id.low + (event.flag >> kWaveShift & 7u);
      return shared;
    }
    case EventKind::kHits: {
      const Answer& answer = answers_[event.body];
      QueryId id = tracks_[answer.track].id;
      id.low += answer.wave;
      return scratch_ = overlay::Hits{id, answer.hits, event.hops, answer.canaries};
    }
    case EventKind::kJoin: return scratch_ = overlay::Join{};
    case EventKind::kLeave: return scratch_ = overlay::Leave{};
    case EventKind::kForwardJoin: return scratch_ = overlay::ForwardJoin{PeerId{event.body}, static_cast<std::uint8_t>(event.ttl)};
    case EventKind::kNeighbor: return scratch_ = overlay::Neighbor{event.flag != 0};
    case EventKind::kNeighborReply: return scratch_ = overlay::NeighborReply{event.flag != 0};
    case EventKind::kShuffle: {
      const Peers& peers = lists_[event.body];
      return scratch_ = overlay::Shuffle{peers.origin, static_cast<std::uint8_t>(event.ttl), peers.list};
    }
    case EventKind::kShuffleReply: return scratch_ = overlay::ShuffleReply{lists_[event.body].list};
    case EventKind::kPublish: return scratch_ = publications_[event.body];
    case EventKind::kEstimate: return scratch_ = estimates_[event.body];
    case EventKind::kLost:
    case EventKind::kTick:
    case EventKind::kStart:
    case EventKind::kAsk:
    case EventKind::kCrash:
    case EventKind::kDepart:
    case EventKind::kStep:
    case EventKind::kDeed:
    case EventKind::kCalm:
    case EventKind::kOffer:
    case EventKind::kProbe: break;
  }
  check_failed("the event is a delivery", __FILE__, __LINE__);
}

void Flight::drop(const Event& event) {
  if (event.kind == EventKind::kQuery) {
    --tracks_[event.body].in_flight;
    end_if_landed(event.body);
  } else if (event.kind == EventKind::kHits) {
    const Index index = answers_[event.body].track;
    answers_.remove(event.body);
    --tracks_[index].in_flight;
    end_if_landed(index);
  } else if (event.kind == EventKind::kShuffle || event.kind == EventKind::kShuffleReply) {
    lists_.remove(event.body);
  } else if (event.kind == EventKind::kPublish) {
    publications_.remove(event.body);
  } else if (event.kind == EventKind::kEstimate) {
    estimates_.remove(event.body);
  }
}

std::uint64_t Flight::digest(const Event& event) const {
  const std::uint64_t numbers = std::uint64_t{event.ttl} << 32 | std::uint64_t{event.hops} << 16 | event.flag;
  switch (event.kind) {
    case EventKind::kQuery: return numbers ^ tracks_[event.body].digest ^ std::uint64_t{event.visits} << 40;
    case EventKind::kHits: {
      const Answer& answer = answers_[event.body];
      return mixed(numbers ^ tracks_[answer.track].digest, answer.digest ^ std::uint64_t{answer.canaries} << 56 ^ answer.wave);
    }
    case EventKind::kPublish: {
      const overlay::Publish& one = publications_[event.body];
      return mixed(numbers ^ one.id.high, one.id.low ^ std::uint64_t{to_number(one.owner)} << 32 ^ event.visits);
    }
    case EventKind::kEstimate: {
      const overlay::Estimate& one = estimates_[event.body];
      return mixed(mixed(one.seed ^ one.epoch, one.shares->weight), one.shares->peers ^ one.shares->tried ^ one.shares->met);
    }
    case EventKind::kForwardJoin: return numbers << 32 ^ event.body;
    case EventKind::kShuffle:
    case EventKind::kShuffleReply: {
      std::uint64_t hash = numbers ^ std::uint64_t{to_number(lists_[event.body].origin)} << 32;
      for (const PeerId peer : lists_[event.body].list) hash = mixed(hash, to_number(peer));
      return hash;
    }
    case EventKind::kJoin:
    case EventKind::kLeave:
    case EventKind::kNeighbor:
    case EventKind::kNeighborReply:
    case EventKind::kLost:
    case EventKind::kTick:
    case EventKind::kStart:
    case EventKind::kDeed:
    case EventKind::kCalm:
    case EventKind::kOffer:
    case EventKind::kProbe: return numbers;
    case EventKind::kAsk:
    case EventKind::kCrash:
    case EventKind::kDepart:
    case EventKind::kStep: return event.body;
  }
  check_failed("the kind of event is known", __FILE__, __LINE__);
}

std::size_t Flight::bytes() const { return tracks_.bytes() + answers_.bytes() + lists_.bytes() + publications_.bytes() + estimates_.bytes(); }

}  // namespace earshot::sim
