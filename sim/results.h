// What runs came to: one row per run for CSV and JSON, and means with intervals for the table that a person reads.
//
// The CSV holds nothing that depends on the machine or the moment, so the same runs give the same bytes. Columns, in order:
//
//   scenario, search, strategy, seed, peers, alive
//   queries            questions asked
//   success            share of the questions, among those that anybody else could answer, with at least one hit
//   recall             mean share of an item's other holders that were found
//   reach, reach_share mean number, and share, of other peers that looked in their libraries
//   messages           mean copies of a query sent by all peers together
//   hit_messages       mean Hits messages, every link counted
//   duplicates         share of the copies received that had been seen before
//   direct             of the messages, those that hosts of a digest sent to its owner
//   hops               mean hops to the farthest peer reached
//   coverage           mean share of the network that the origin was told its answer covers; 0 if nothing was measured
//   first_hops         mean hops of the first hit, over questions that had one
//   first_ms, first_p95_ms   time to the first hit: mean and 95th percentile, over questions that had one
//   upkeep             membership messages sent per peer and simulated second
//   degree             mean size of the active views, at the end
//   component          share of the living peers in the largest component, at the end
//   size_error         mean error of the network's size that the living believe, as a share of it; 0 if none believes any
//   bytes_per_peer_s   sent per living peer and second; on a fixed graph as if all published once a digest's life and asked once in ten minutes
//   bytes_per_peer     memory of peers and all that they were lent; of a message in flight see flight_bytes
//   flight_bytes       memory of the queue and its pools, at the fullest
//   lost               messages lost on the way or sent to the dead
//   events, event_hash what happened, and the hash that says it was the same
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/time.h"
#include "sim/simulation.h"

namespace earshot::sim {

/// One cell: a name, and a text that is a number unless `quoted`.
struct Cell {
  std::string_view column;
  std::string text;
  bool quoted = false;
};

/// The row of a run, as described above.
std::vector<Cell> row_of(std::string_view scenario, const RunRecord& record);

/// What a run cost this machine: beside the row, never in the CSV.
struct RunCost {
  Duration setup{};  // processor time of building world and peers
  Duration run{};    // processor time of the event loop
};

std::string csv_header();
std::string csv_line(std::span<const Cell> row);
/// One object on one line, the row's cells and the cost.
std::string json_line(std::span<const Cell> row, const RunRecord& record, const RunCost& cost);

/// A table for people: a line per search with mean ± half width of what matters most.
std::string summary_table(std::span<const RunRecord> records, std::span<const RunCost> costs);

}  // namespace earshot::sim
