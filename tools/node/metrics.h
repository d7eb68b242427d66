// What a node counts, for Prometheus: the text format 0.0.4, written from one snapshot. No registry: every number is
// counted where it happens, and only a scrape puts them side by side.
#pragma once

#include <cstdint>
#include <string>

#include "index/index.h"
#include "tools/node/accept_guard.h"
#include "tools/node/fetches.h"
#include "tools/node/node.h"

namespace earshot::node {

/// This process, as the kernel sees it; zero where /proc does not say.
struct ProcessFacts {
  std::uint64_t resident_bytes = 0;
  std::uint64_t cpu_ms = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
};

ProcessFacts process_facts();

struct MetricsReport {
  std::string version, role;
  NodeStatus node;
  std::uint64_t inbound_links = 0;
  index::Stats index;
  index::Storage storage;
  std::uint64_t shares = 0, shared_tracks = 0;
  bool scanning = false;
  std::uint64_t fetches_running = 0;
  FetchCounts fetches;
  AcceptCounts connections;
  ProcessFacts process;
};

/// What `GET /metrics` answers with.
inline constexpr const char* kMetricsFields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";

std::string metrics(const MetricsReport& report);

}  // namespace earshot::node
