// The demo's events as JSON.
#include "tools/cli/demo_events.h"

#include <nlohmann/json.hpp>

#include "tools/node/json_line.h"

namespace earshot::cli::demo_event {

using nlohmann::ordered_json;

namespace {

ordered_json event(const char* name) {
  ordered_json value = line_of_type("demo");
  value["event"] = name;
  return value;
}

}  // namespace

std::string started(std::size_t nodes, std::size_t songs, const std::string& folder, std::uint64_t seed,
                    std::int64_t ms) {
  ordered_json value = event("started");
  value["nodes"] = nodes;
  value["songs"] = songs;
  value["folder"] = folder;
  value["seed"] = seed;
  value["ms"] = ms;
  return written(value);
}

std::string joined(std::size_t nodes, std::uint64_t links, std::uint64_t tracks, std::int64_t ms) {
  ordered_json value = event("joined");
  value["nodes"] = nodes;
  value["neighbors"] = links;
  value["tracks"] = tracks;
  value["ms"] = ms;
  return written(value);
}

std::string imported(std::uint64_t rows, std::int64_t ms) {
  ordered_json value = event("imported");
  value["rows"] = rows;
  value["ms"] = ms;
  return written(value);
}

std::string killed(const std::vector<std::size_t>& nodes, std::int64_t ms) {
  ordered_json value = event("killed");
  value["nodes"] = nodes;
  value["ms"] = ms;
  return written(value);
}

std::string asked(std::size_t node, const std::string& text, const std::vector<std::size_t>& holders) {
  ordered_json value = event("search");
  value["node"] = node;
  value["text"] = text;
  value["holders"] = holders;
  return written(value);
}

std::string cost(std::uint64_t questions, std::uint64_t duplicates, std::uint64_t answers, std::size_t nodes) {
  ordered_json value = event("cost");
  value["messages"] = questions + answers;
  value["questions"] = questions;
  value["duplicates"] = duplicates;
  value["answers"] = answers;
  value["nodes"] = nodes;
  return written(value);
}

std::string wished(std::size_t wisher, std::size_t holder, const std::string& text, std::int64_t after_ms, std::int64_t ms) {
  ordered_json value = event("wish");
  value["node"] = wisher;
  value["holder"] = holder;
  value["text"] = text;
  value["after_ms"] = after_ms;
  value["ms"] = ms;
  return written(value);
}

std::string rare(const std::string& strategy, std::size_t asked, std::size_t found, std::uint64_t messages,
                 std::uint64_t coverage, std::int64_t ms) {
  ordered_json value = event("rare");
  value["strategy"] = strategy;
  value["asked"] = asked;
  value["found"] = found;
  value["messages"] = messages;
  value["coverage"] = coverage;
  value["ms"] = ms;
  return written(value);
}

std::string finished(const DoneLine& done, const std::string& content, std::int64_t ms, bool verified) {
  ordered_json value = event("done");
  value["content"] = content;
  value["file"] = done.file;
  value["bytes"] = done.bytes;
  value["fetch_ms"] = done.ms;
  value["sources"] = ordered_json::array();
  for (const SourceLine& source : done.sources)
    value["sources"].push_back({{"endpoint", source.endpoint}, {"bytes", source.bytes}});
  value["ms"] = ms;
  std::string line = written(value);
  // Last, and spaced as people write it: a script without a JSON parser looks for exactly this.
  line.back() = ',';
  return line + (verified ? "\"verified\": true}" : "\"verified\": false}");
}

std::string listening(std::size_t nodes, std::int64_t ms) {
  ordered_json value = event("started");
  value["nodes"] = nodes;
  value["ms"] = ms;
  return written(value);
}

std::string playing(std::int64_t first_ms, std::uint64_t bytes, std::uint64_t size) {
  ordered_json value = event("playing");
  value["start_ms"] = first_ms;
  value["local_bytes"] = bytes;
  value["size"] = size;
  return written(value);
}

std::string source_killed(std::size_t node, std::uint64_t given, std::uint64_t played) {
  ordered_json value = event("source_killed");
  value["node"] = node;
  value["given_bytes"] = given;
  value["played_bytes"] = played;
  return written(value);
}

std::string live(const Live& live) {
  ordered_json value = event("live");
  value["listeners"] = live.listeners;
  value["bytes"] = live.bytes;
  value["sent"] = live.sent;
  value["delay_p95_ms"] = live.delay_p95_ms;
  value["longest_gap_ms"] = live.longest_gap_ms;
  value["late_ms"] = live.late_ms;
  value["altered"] = live.altered;
  value["refused"] = live.refused;
  return written(value);
}

std::string played(std::uint64_t bytes, std::int64_t first_ms, std::int64_t longest_gap_ms, const std::string& sha256, bool equal) {
  ordered_json value = event("done");
  value["bytes"] = bytes;
  value["start_ms"] = first_ms;
  value["longest_gap_ms"] = longest_gap_ms;
  value["sha256"] = sha256;
  value["sha256_equal"] = equal;
  return written(value);
}

}  // namespace earshot::cli::demo_event
