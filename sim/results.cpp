// Rows, lines and the summary.
#include "sim/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "sim/statistics.h"

namespace earshot::sim {

namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// What the probes make of the queries of one run.
struct Digest {
  double answerable = 0, satisfied = 0, recall = 0;
  double reach = 0, copies = 0, hit_messages = 0, depth = 0;
  double direct = 0, coverage = 0;
  double first_hops = 0, first_ms = 0, first_p95_ms = 0;
};

/// How common what is asked for is: copies among all peers.
struct Kind {
  std::string_view name;
  bool (*fits)(std::uint32_t copies, std::uint32_t peers);
};
constexpr std::array<Kind, 3> kKinds{{
    {"popular", [](std::uint32_t copies, std::uint32_t peers) { return copies >= peers / 200; }},
    {"mixed", [](std::uint32_t copies, std::uint32_t peers) { return copies > 1 && copies < peers / 200; }},
    {"single copy", [](std::uint32_t copies, std::uint32_t) { return copies <= 1; }},
}};

/// The questions of one kind alone.
RunRecord of_kind(const RunRecord& record, const Kind& kind) {
  RunRecord part = record;
  part.queries.clear();
  part.copies.clear();
  for (std::size_t i = 0; i < record.queries.size(); ++i) {
    if (!kind.fits(record.copies[i], record.peers)) continue;
    part.queries.push_back(record.queries[i]);
    part.copies.push_back(record.copies[i]);
  }
  return part;
}

Digest digest_of(const RunRecord& record) {
  Digest sum;
  std::vector<double> delays;
  for (std::size_t i = 0; i < record.queries.size(); ++i) {
    const QueryTrack& query = record.queries[i];
    sum.reach += query.reached;
    sum.copies += static_cast<double>(query.copies);
    sum.hit_messages += static_cast<double>(query.hit_messages);
    sum.depth += query.deepest;
    sum.direct += query.direct;
    sum.coverage += query.coverage_permille / 1000.0;
    if (record.copies[i] == 0) continue;
    ++sum.answerable;
    sum.recall += ratio(query.hits, record.copies[i]);
    if (query.hits == 0) continue;
    ++sum.satisfied;
    sum.first_hops += query.first_hops;
    delays.push_back(static_cast<double>(query.first_after.count()) / 1000);
  }
  const auto queries = static_cast<double>(record.queries.size());
  Digest mean;
  mean.answerable = sum.answerable;
  mean.satisfied = sum.satisfied;
  mean.recall = ratio(sum.recall, sum.answerable);
  mean.reach = ratio(sum.reach, queries);
  mean.copies = ratio(sum.copies, queries);
  mean.hit_messages = ratio(sum.hit_messages, queries);
  mean.depth = ratio(sum.depth, queries);
  mean.direct = ratio(sum.direct, queries);
  mean.coverage = ratio(sum.coverage, queries);
  mean.first_hops = ratio(sum.first_hops, sum.satisfied);
  mean.first_ms = ratio(std::accumulate(delays.begin(), delays.end(), 0.0), sum.satisfied);
  std::sort(delays.begin(), delays.end());
  if (!delays.empty()) mean.first_p95_ms = delays[(delays.size() * 95 + 99) / 100 - 1];
  return mean;
}

double success_of(const RunRecord& record) {
  const Digest digest = digest_of(record);
  return ratio(digest.satisfied, digest.answerable);
}

double duplicates_of(const RunRecord& record) {
  double copies = 0;
  for (const QueryTrack& query : record.queries) copies += static_cast<double>(query.copies);
  return ratio(static_cast<double>(record.duplicates), copies);
}

double upkeep_of(const RunRecord& record) {
  const double seconds = static_cast<double>(record.simulated.count()) / 1e6;
  return ratio(static_cast<double>(record.membership_messages), seconds * record.peers);
}

double bytes_per_peer_s(const RunRecord& record) {
  const double peers = record.alive;
  const double digests = static_cast<double>(record.tally.published_bytes);
  const double others = static_cast<double>(record.tally.bytes) - digests;
  const double seconds = static_cast<double>(record.simulated.count()) / 1e6;
  if (record.publishers == 0 || record.tally.arrivals > 0) return ratio(others + digests, seconds * peers);
  // A fixed graph: what was published is published anew once a life, and everybody asks once in ten minutes.
  const double life = static_cast<double>(record.digest_life.count()) / 1e6;
  constexpr double kBetweenQuestions = 600;
  return digests / record.publishers / life + ratio(others, static_cast<double>(record.queries.size())) / kBetweenQuestions;
}

double bytes_per_peer(const RunRecord& record) {
  return ratio(static_cast<double>(record.population_bytes), record.peers);
}

double messages_per_second(const RunRecord& record, const RunCost& cost) {
  return ratio(static_cast<double>(record.messages), static_cast<double>(cost.run.count()) / 1e6);
}

}  // namespace

std::vector<Cell> row_of(std::string_view scenario, const RunRecord& record) {
  const Digest digest = digest_of(record);
  const double alive = record.alive;
  const auto share = [](double value) { return fmt::format("{:.6f}", value); };
  const auto number = [](double value) { return fmt::format("{:.3f}", value); };
  return {
      {"scenario", std::string(scenario), true},
      {"search", record.search, true},
      {"strategy", record.strategy, true},
      {"seed", fmt::to_string(record.seed)},
      {"peers", fmt::to_string(record.peers)},
      {"alive", fmt::to_string(record.alive)},
      {"queries", fmt::to_string(record.queries.size())},
      {"success", share(ratio(digest.satisfied, digest.answerable))},
      {"recall", share(digest.recall)},
      {"reach", number(digest.reach)},
      {"reach_share", share(ratio(digest.reach, alive - 1))},
      {"messages", number(digest.copies)},
      {"hit_messages", number(digest.hit_messages)},
      {"duplicates", share(duplicates_of(record))},
      {"direct", number(digest.direct)},
      {"hops", number(digest.depth)},
      {"coverage", share(digest.coverage)},
      {"first_hops", number(digest.first_hops)},
      {"first_ms", number(digest.first_ms)},
      {"first_p95_ms", number(digest.first_p95_ms)},
      {"upkeep", share(upkeep_of(record))},
      {"degree", number(ratio(static_cast<double>(record.links), alive))},
      {"component", share(ratio(record.largest_component, alive))},
      {"size_error", share(ratio(record.size_error, static_cast<double>(record.sized)))},
      {"bytes_per_peer_s", number(bytes_per_peer_s(record))},
      {"bytes_per_peer", fmt::format("{:.1f}", bytes_per_peer(record))},
      {"flight_bytes", fmt::to_string(record.flight_bytes)},
      {"lost", fmt::to_string(record.lost)},
      {"events", fmt::to_string(record.events)},
      {"event_hash", fmt::format("{:016x}", record.event_hash), true},
  };
}

std::string csv_header() {
  std::string line;
  for (const Cell& cell : row_of("", RunRecord{})) line += fmt::format("{}{}", line.empty() ? "" : ",", cell.column);
  return line + '\n';
}

std::string csv_line(std::span<const Cell> row) {
  std::string line;
  for (const Cell& cell : row) line += fmt::format("{}{}", line.empty() ? "" : ",", cell.text);
  return line + '\n';
}

std::string json_line(std::span<const Cell> row, const RunRecord& record, const RunCost& cost) {
  std::string line = "{";
  for (const Cell& cell : row) {
    const char* quote = cell.quoted ? "\"" : "";
    line += fmt::format("\"{}\":{}{}{},", cell.column, quote, cell.text, quote);
  }
  if (record.wire_frames > 0) {
    line += fmt::format("\"wire_frames\":{},\"wire_bytes\":{},", record.wire_frames, record.wire_bytes);
  }
  return line + fmt::format("\"sent\":{},\"setup_cpu_ms\":{},\"run_cpu_ms\":{},\"msgs_per_cpu_s\":{:.0f}}}\n", record.messages,
                            cost.setup.count() / 1000, cost.run.count() / 1000, messages_per_second(record, cost));
}

std::string summary_table(std::span<const RunRecord> records, std::span<const RunCost> costs) {
  struct Column {
    std::string_view title;
    int digits;
    std::function<double(const RunRecord&, const RunCost&)> value;
  };
  const std::array<Column, 13> columns{{
      {"success %", 1, [](const auto& run, const auto&) { return 100 * success_of(run); }},
      {"recall %", 1, [](const auto& run, const auto&) { return 100 * digest_of(run).recall; }},
      {"reach", 0, [](const auto& run, const auto&) { return digest_of(run).reach; }},
      {"messages", 0, [](const auto& run, const auto&) { return digest_of(run).copies; }},
      {"hops", 1, [](const auto& run, const auto&) { return digest_of(run).depth; }},
      {"coverage %", 1, [](const auto& run, const auto&) { return 100 * digest_of(run).coverage; }},
      {"upkeep B/peer s", 0, [](const auto& run, const auto&) { return bytes_per_peer_s(run); }},
      {"size error %", 1,
       [](const auto& run, const auto&) { return 100 * ratio(run.size_error, static_cast<double>(run.sized)); }},
      {"1st hit hops", 2, [](const auto& run, const auto&) { return digest_of(run).first_hops; }},
      {"1st hit ms", 0, [](const auto& run, const auto&) { return digest_of(run).first_ms; }},
      {"component %", 2, [](const auto& run, const auto&) { return 100 * ratio(run.largest_component, run.alive); }},
      {"B/peer", 0, [](const auto& run, const auto&) { return bytes_per_peer(run); }},
      {"M msgs/cpu s", 2, [](const auto& run, const auto& cost) { return messages_per_second(run, cost) / 1e6; }},
  }};
  // A line for each search, or for each search and kind of question if there are several kinds.
  std::vector<const Kind*> kinds;
  for (const Kind& kind : kKinds) {
    if (!of_kind(records.front(), kind).queries.empty()) kinds.push_back(&kind);
  }
  if (kinds.size() < 2) kinds = {nullptr};
  std::vector<std::string> searches;
  for (const RunRecord& record : records) {
    if (std::find(searches.begin(), searches.end(), record.search) == searches.end()) searches.push_back(record.search);
  }
  std::string text = fmt::format("{:<20}", "search");
  for (const Column& column : columns) text += fmt::format(" {:>15}", column.title);
  text += '\n';
  for (const Kind* const kind : kinds) {
    for (const std::string& search : searches) {
      std::vector<RunRecord> runs;
      std::vector<RunCost> costs_of_runs;
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].search != search) continue;
        runs.push_back(kind == nullptr ? records[i] : of_kind(records[i], *kind));
        costs_of_runs.push_back(costs[i]);
      }
      text += fmt::format("{:<20}", kind == nullptr ? search : fmt::format("{}, {}", search, kind->name));
      for (const Column& column : columns) {
        std::vector<double> values;
        for (std::size_t i = 0; i < runs.size(); ++i) values.push_back(column.value(runs[i], costs_of_runs[i]));
        const Interval interval = mean_interval(values);
        text += fmt::format(" {:>15}", fmt::format("{:.{}f} ± {:.{}f}", interval.mean, column.digits, interval.half_width,
                                                   column.digits));
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace earshot::sim
