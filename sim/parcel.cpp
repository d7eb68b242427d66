// Crossings and outcomes to bytes and back.
#include "sim/parcel.h"

#include <utility>

#include "schema/check.h"
#include "sim/wire_mirror.h"

namespace earshot::sim {

namespace {

/// Everything of a record that differs from part to part, in one order for writing and reading. What is the same in all, the search
/// and the scenario, is not sent.
template <class Parcel, class Record>
void each_field(Parcel& parcel, Record& record) {
  parcel(record.seed);
  parcel(record.peers);
  parcel(record.alive);
  parcel(record.queries);
  parcel(record.events);
  parcel(record.event_hash);
  parcel(record.messages);
  parcel(record.membership_messages);
  parcel(record.lost);
  parcel(record.size_error);
  parcel(record.sized);
  parcel(record.publishers);
  parcel(record.digest_life);
  parcel(record.duplicates);
  parcel(record.links);
  parcel(record.degrees);
  parcel(record.population_bytes);
  parcel(record.flight_bytes);
  parcel(record.wire_frames);
  parcel(record.wire_bytes);
  parcel(record.simulated);
  parcel(record.tally);
  parcel(record.census);
  parcel(record.samples);
}

}  // namespace

void ParcelReader::copy(void* to, std::size_t size) {
  EARSHOT_CHECK(size <= rest_.size());
  if (size > 0) std::memcpy(to, rest_.data(), size);
  rest_ = rest_.subspan(size);
}

Bytes packed(const std::vector<Crossing>& crossings) {
  ParcelWriter parcel;
  for (const Crossing& crossing : crossings) {
    parcel(crossing.event);
    parcel(crossing.query);
    parcel(crossing.digest);
    parcel(crossing.event.kind == EventKind::kLost ? Bytes() : to_bytes(crossing.message));
  }
  return parcel.take();
}

void unpack(ByteView bytes, std::vector<Crossing>& crossings) {
  Bytes frame;
  for (ParcelReader parcel(bytes); !parcel.empty();) {
    Crossing& crossing = crossings.emplace_back();
    parcel(crossing.event);
    parcel(crossing.query);
    parcel(crossing.digest);
    parcel(frame);
    if (!frame.empty()) crossing.message = from_bytes(frame, crossing.event.from);
  }
}

Bytes packed(const PartOutcome& outcome) {
  ParcelWriter parcel;
  each_field(parcel, outcome.record);
  parcel(outcome.cost);
  parcel(outcome.parents);
  return parcel.take();
}

PartOutcome outcome_from(ByteView bytes) {
  PartOutcome outcome;
  ParcelReader parcel(bytes);
  each_field(parcel, outcome.record);
  parcel(outcome.cost);
  parcel(outcome.parents);
  EARSHOT_CHECK(parcel.empty());
  return outcome;
}

}  // namespace earshot::sim
