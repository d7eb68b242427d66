// What a mean hides: histograms and a time series of one run, as tidy rows. Whole numbers until the last division, so the same runs
// give the same bytes.
//
// histograms.csv: ..., search, seed, probe, low, high, count: how many values v of the probe had low <= v < high. Probes:
//   first_ms      time to the first hit, of questions that had one         reach    other peers that looked, of each question
//   first_hops    hops of the first hit, of questions that had one         messages copies of each question
//   depth         hops to the farthest peer reached, of each question      degree   neighbours of each living peer, at the end
// series.csv: ..., search, seed, t_s, asked, success, recall, messages, first_ms: of the questions asked in the interval that
//   begins t_s seconds into the run; at most kSeriesIntervals of them, empty ones left out. As in runs.csv, success and recall
//   are shares of what could be found, and first_ms is over questions that had a hit.
// probes.csv: ..., search, seed, t_s, alive, component, degree, eclipsed, in_flight, messages_per_s, upkeep, lost_per_s, arrivals,
//   departures, asked, satisfied: a row for each look of the scenario's [probe]; rates and counts are of the time since the look
//   before. `component` is the share of the living in the largest one (0: not looked at), `degree` the mean view, `eclipsed` the share of
//   honest peers with attackers only for neighbours, `upkeep` membership messages per living peer and second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run_record.h"

namespace earshot::sim {

/// Counts by value: exact below 16, then eight buckets for each doubling, so a bucket is at most an eighth wide.
class Histogram {
 public:
  struct Bucket {
    std::uint64_t low = 0;
    std::uint64_t high = 0;  // the first value beyond it
    std::uint64_t count = 0;
  };

  void add(std::uint64_t value, std::uint64_t count = 1);
  /// Those that hold something, ascending.
  std::vector<Bucket> buckets() const;

 private:
  std::vector<std::uint64_t> counts_;
};

inline constexpr std::int64_t kSeriesIntervals = 60;

/// Behind the columns that say which run it is.
inline constexpr std::string_view kHistogramColumns = "probe,low,high,count";
inline constexpr std::string_view kProbeColumns =
    "t_s,alive,component,degree,eclipsed,in_flight,messages_per_s,upkeep,lost_per_s,arrivals,departures,asked,satisfied";
inline constexpr std::string_view kSeriesColumns = "t_s,asked,success,recall,messages,first_ms";

/// The cells of these columns, one text a row.
std::vector<std::string> histogram_rows(const RunRecord& record);
std::vector<std::string> series_rows(const RunRecord& record);
std::vector<std::string> probe_rows(const RunRecord& record);

}  // namespace earshot::sim
