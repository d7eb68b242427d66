// Buckets and intervals.
#include "sim/distributions.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

namespace earshot::sim {

namespace {

constexpr int kBits = 3;                              // a doubling has 2^kBits buckets
constexpr std::uint64_t kExact = 2ull << kBits;       // below it each value has its own

std::size_t bucket_of(std::uint64_t value) {
  if (value < kExact) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
  return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t low_of(std::size_t bucket) {
  if (bucket < kExact) return bucket;
  const std::size_t shift = (bucket >> kBits) - 1;
  return ((bucket & ((1u << kBits) - 1)) | (1u << kBits)) * (std::uint64_t{1} << shift);
}

std::uint64_t milliseconds(Duration duration) { return static_cast<std::uint64_t>(duration / 1ms); }

}  // namespace

void Histogram::add(std::uint64_t value, std::uint64_t count) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  counts_[bucket] += count;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> buckets;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) buckets.push_back({low_of(i), low_of(i + 1), counts_[i]});
  }
  return buckets;
}

std::vector<std::string> histogram_rows(const RunRecord& record) {
  Histogram first_ms, first_hops, depth, reach, messages, degree;
  for (const QueryTrack& query : record.queries) {
    depth.add(query.deepest);
    reach.add(query.reached);
    messages.add(query.copies);
    if (query.hits == 0) continue;
    first_ms.add(milliseconds(query.first_after));
    first_hops.add(query.first_hops);
  }
  for (std::size_t i = 0; i < record.degrees.size(); ++i) degree.add(i, record.degrees[i]);
  std::vector<std::string> rows;
  for (const auto& [probe, histogram] : {std::pair<std::string_view, const Histogram&>{"first_ms", first_ms},
                                         {"first_hops", first_hops}, {"depth", depth}, {"reach", reach},
                                         {"messages", messages}, {"degree", degree}}) {
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
      rows.push_back(fmt::format("{},{},{},{}", probe, bucket.low, bucket.high, bucket.count));
    }
  }
  return rows;
}

std::vector<std::string> series_rows(const RunRecord& record) {
  if (record.queries.empty()) return {};
  struct Sum {
    std::uint64_t asked = 0, answerable = 0, satisfied = 0, copies = 0, first_us = 0;
    double recall = 0;
  };
  const auto [first, last] = std::minmax_element(record.queries.begin(), record.queries.end(),
                                                 [](const auto& a, const auto& b) { return a.asked < b.asked; });
  const std::int64_t width = (last->asked - first->asked) / 1s / kSeriesIntervals + 1;  // seconds
  std::map<std::int64_t, Sum> sums;
  for (std::size_t i = 0; i < record.queries.size(); ++i) {
    const QueryTrack& query = record.queries[i];
    Sum& sum = sums[query.asked.time_since_epoch() / 1s / width * width];
    ++sum.asked;
    sum.copies += query.copies;
    if (record.copies[i] == 0) continue;
    ++sum.answerable;
    sum.recall += static_cast<double>(query.hits) / record.copies[i];
    if (query.hits == 0) continue;
    ++sum.satisfied;
    sum.first_us += static_cast<std::uint64_t>(query.first_after.count());
  }
  std::vector<std::string> rows;
  for (const auto& [second, sum] : sums) {
    const auto ratio = [](double part, std::uint64_t whole) { return whole == 0 ? 0 : part / static_cast<double>(whole); };
    rows.push_back(fmt::format("{},{},{:.6f},{:.6f},{:.3f},{:.3f}", second, sum.asked,
                               ratio(static_cast<double>(sum.satisfied), sum.answerable), ratio(sum.recall, sum.answerable),
                               ratio(static_cast<double>(sum.copies), sum.asked),
                               ratio(static_cast<double>(sum.first_us) / 1000, sum.satisfied)));
  }
  return rows;
}

std::vector<std::string> probe_rows(const RunRecord& record) {
  std::vector<std::string> rows;
  Sample before;
  for (const Sample& sample : record.samples) {
    const auto ratio = [](auto part, auto whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0; };
    const double seconds = static_cast<double>((sample.at - before.at).count()) / 1e6;
    const Tally& now = sample.tally;
    const Tally& then = before.tally;
    rows.push_back(fmt::format("{:.3f},{},{:.6f},{:.3f},{:.6f},{},{:.3f},{:.6f},{:.3f},{},{},{},{}",
                               static_cast<double>(sample.at.time_since_epoch().count()) / 1e6, sample.alive,
                               ratio(sample.largest_component, sample.alive), ratio(sample.census.links, sample.alive),
                               ratio(sample.census.eclipsed, sample.census.honest), sample.in_flight,
                               ratio(now.messages - then.messages, seconds),
                               ratio(ratio(now.membership_messages - then.membership_messages, seconds), sample.alive),
                               ratio(now.lost - then.lost, seconds), now.arrivals - then.arrivals, now.departures - then.departures,
                               now.asked - then.asked, now.satisfied - then.satisfied));
    before = sample;
  }
  return rows;
}

}  // namespace earshot::sim
