// What the demo tells a script: one JSON object an event, "v" and "type" as everywhere, "event" for which.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/cli/replies.h"

namespace earshot::cli::demo_event {

std::string started(std::size_t nodes, std::size_t songs, const std::string& folder, std::uint64_t seed,
                    std::int64_t ms);
std::string joined(std::size_t nodes, std::uint64_t links, std::uint64_t tracks, std::int64_t ms);
std::string imported(std::uint64_t rows, std::int64_t ms);
std::string killed(const std::vector<std::size_t>& nodes, std::int64_t ms);
std::string asked(std::size_t node, const std::string& text, const std::vector<std::size_t>& holders);
std::string cost(std::uint64_t questions, std::uint64_t duplicates, std::uint64_t answers, std::size_t nodes);
std::string wished(std::size_t wisher, std::size_t holder, const std::string& text, std::int64_t after_ms, std::int64_t ms);
std::string rare(const std::string& strategy, std::size_t asked, std::size_t found, std::uint64_t messages,
                 std::uint64_t coverage, std::int64_t ms);
std::string finished(const DoneLine& done, const std::string& content, std::int64_t ms, bool verified);

// Of the demo of playing.
std::string listening(std::size_t nodes, std::int64_t ms);
std::string playing(std::int64_t first_ms, std::uint64_t bytes, std::uint64_t size);
std::string source_killed(std::size_t node, std::uint64_t given, std::uint64_t played);
struct Live {
  std::size_t listeners = 0;
  std::uint64_t bytes = 0, sent = 0;       // of the stream; what the source sent of it, all listeners together
  std::int64_t delay_p95_ms = 0, longest_gap_ms = 0, late_ms = 0;
  std::uint64_t altered = 0;               // datagrams
  std::string refused;                     // why
};
std::string live(const Live& live);
std::string played(std::uint64_t bytes, std::int64_t first_ms, std::int64_t longest_gap_ms, const std::string& sha256, bool equal);

}  // namespace earshot::cli::demo_event
