// What a run leaves behind, and the looks taken on the way; results.h makes tables of them. In a partitioned run each part
// has its share, and merged() makes one of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/time.h"
#include "sim/census.h"
#include "sim/flight.h"

namespace earshot::sim {

/// Counted from the beginning, so that differences between samples are rates.
struct Tally {
  std::uint64_t events = 0;
  std::uint64_t messages = 0;             // sent, of every kind
  std::uint64_t membership_messages = 0;  // of these: neither query nor hits
  std::uint64_t bytes = 0;                // of all messages, as traffic.h weighs them
  std::uint64_t published_bytes = 0;      // of these: digests on their way
  std::uint64_t lost = 0;                 // messages lost on the way, at a parting, or sent to the dead
  std::uint64_t repeated = 0;             // messages that arrived twice
  std::uint64_t overloaded = 0;           // messages that found the queue of their receiver full
  std::uint64_t arrivals = 0;             // sessions begun
  std::uint64_t departures = 0;           // sessions ended, crashes included
  std::uint64_t asked = 0;                // questions of the workload
  std::uint64_t satisfied = 0;            // of these: closed with at least one hit
  std::uint64_t closed = 0;               // of these: closed

  Tally& operator+=(const Tally& other);
};

/// One look, by ProbeSettings.
struct Sample {
  Instant at{};
  std::uint32_t alive = 0;
  std::uint32_t largest_component = 0;    // 0: not looked at
  std::uint64_t in_flight = 0;            // messages
  Tally tally;
  Census census;
};

struct RunRecord {
  std::uint64_t seed = 0;
  std::string search;
  std::string strategy;
  std::uint32_t peers = 0;
  std::uint32_t alive = 0;               // at the end
  std::vector<QueryTrack> queries;       // in the order of the workload; those that nobody could ask are missing
  std::vector<std::uint32_t> copies;     // of the item of each of `queries`, when it was asked for, own library not counted
  std::uint64_t events = 0;
  std::uint64_t event_hash = 0;
  std::uint64_t messages = 0;            // as in Tally
  std::uint64_t membership_messages = 0;
  std::uint64_t lost = 0;
  double size_error = 0;                 // sum of the errors of the network's size that the living believe, as shares of it
  std::uint64_t sized = 0;               // of those: who believe any
  std::uint32_t publishers = 0;          // peers that have published a digest
  Duration digest_life{};                // how long one is hosted
  std::uint64_t duplicates = 0;          // copies of queries that a peer had seen before
  std::uint64_t links = 0;               // entries of all active views at the end
  std::uint32_t largest_component = 0;   // peers that hang together at the end
  std::vector<std::uint32_t> degrees;    // how many of the living have 0, 1, 2, ... neighbours at the end
  std::uint64_t population_bytes = 0;
  std::uint64_t flight_bytes = 0;        // the wheel and what is in flight, at its fullest
  std::uint64_t wire_frames = 0;         // only through the wire
  std::uint64_t wire_bytes = 0;
  Duration simulated{};                  // when the last event happened
  Tally tally;                           // at the end
  Census census;                         // at the end
  std::vector<Sample> samples;
};

/// One record of the parts of a run. REQUIRES: at least one. Components cannot be told from parts: the caller knows them.
RunRecord merged(std::vector<RunRecord> parts);

}  // namespace earshot::sim
