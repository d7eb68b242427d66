// The text format: a HELP and a TYPE line for each name, then its samples.
#include "tools/node/metrics.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

namespace earshot::node {

namespace {

std::string escaped(std::string_view label) {
  std::string result;
  for (const char byte : label) {
    if (byte == '\n') {
      result += "\\n";
      continue;
    }
    if (byte == '\\' || byte == '"') result += '\\';
    result += byte;
  }
  return result;
}

class Page {
 public:
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) { single(name, "gauge", help, value); }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    single(name, "counter", help, value);
  }

  void head(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    text_ += fmt::format("{}{} {}\n", name, labels, value);
  }
  /// A number of seconds that is counted in whole parts of one.
  void seconds(std::string_view name, std::string_view type, std::string_view help, double value) {
    head(name, type, help);
    sum(name, value);
  }
  void sum(std::string_view name, double value) { text_ += fmt::format("{} {}\n", name, value); }
  /// A pair of samples by direction.
  void both_ways(std::string_view name, std::string_view type, std::string_view help, std::uint64_t in,
                 std::uint64_t out) {
    head(name, type, help);
    sample(name, "{direction=\"in\"}", in);
    sample(name, "{direction=\"out\"}", out);
  }

  std::string text() && { return std::move(text_); }

 private:
  void single(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    head(name, type, help);
    sample(name, "", value);
  }

  std::string text_;
};

void put_network(Page& page, const MetricsReport& report) {
  const NodeStatus& node = report.node;
  page.gauge("earshot_neighbors", "Peers in the active view.", node.neighbors);
  page.gauge("earshot_passive_view", "Peers in reserve.", node.passive);
  page.both_ways("earshot_links", "gauge", "Links that are up, by who dialled.", report.inbound_links,
                 node.links - std::min<std::uint64_t>(node.links, report.inbound_links));
  page.gauge("earshot_contacts", "Contacts in the address book.", node.contacts);
  page.both_ways("earshot_link_bytes_total", "counter", "Bytes of frames on links.", node.traffic.bytes_in,
                 node.traffic.bytes_out);
  page.both_ways("earshot_link_frames_total", "counter", "Frames on links.", node.traffic.frames_in,
                 node.traffic.frames_out);
  page.counter("earshot_link_frames_dropped_total", "Frames that a slow peer's queue had no place for.",
               node.traffic.dropped);
  page.counter("earshot_frames_malformed_total", "Frames that were no message of ours.", node.malformed);
  page.counter("earshot_frames_unknown_total", "Messages of a kind that this version does not know.", node.unknown);
  page.gauge("earshot_connections", "TCP connections that strangers hold open with us, at most.",
             report.connections.open);
  page.counter("earshot_connections_refused_total", "Connections over a cap.", report.connections.refused);
}

void put_lookups(Page& page, const NodeStatus& node) {
  page.head("earshot_lookup_seconds", "histogram", "Time of look-ups in our own library.");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < node.lookups.counts.size(); ++i) {
    count += node.lookups.counts[i];
    const bool last = i == LookupTimes::kBoundsUs.size();
    const std::string bound =
        last ? "+Inf" : fmt::format("{}", static_cast<double>(LookupTimes::kBoundsUs[i]) / 1'000'000.0);
    page.sample("earshot_lookup_seconds_bucket", fmt::format("{{le=\"{}\"}}", bound), count);
  }
  page.sum("earshot_lookup_seconds_sum", static_cast<double>(node.lookups.total_us) / 1'000'000.0);
  page.sample("earshot_lookup_seconds_count", "", count);
}

void put_search(Page& page, const NodeStatus& node) {
  page.gauge("earshot_open_queries", "Questions of this node that are still open.", node.open_queries);
  page.both_ways("earshot_queries_total", "counter", "Questions received and sent.", node.queries_in, node.queries_out);
  page.counter("earshot_queries_duplicate_total", "Questions that were seen before.", node.duplicates);
  page.counter("earshot_hits_relayed_total", "Answers passed on for others.", node.hits_relayed);
  page.counter("earshot_lookups_dropped_total", "Strangers' questions that our library was too busy for.",
               node.lookups_dropped);
  page.gauge("earshot_network_peers", "Peers of the whole network, estimated; 0: not known.", node.network.peers);
  page.gauge("earshot_digests_hosted", "Digests of other libraries that are kept here.", node.digests.digests);
  page.gauge("earshot_digest_keys_hosted", "Keys of these digests.", node.digests.keys);
  page.gauge("earshot_digests_own", "Digests that our library is published in.", node.digests.own);
  page.gauge("earshot_standing_queries", "Questions of others, and ours, that are held against new digests.",
             node.digests.standing);
  page.head("earshot_digests_total", "counter", "Digests that came to be kept, by what became of them.");
  page.sample("earshot_digests_total", "{result=\"taken\"}", node.digests.taken);
  page.sample("earshot_digests_total", "{result=\"renewed\"}", node.digests.renewed);
  page.sample("earshot_digests_total", "{result=\"forged\"}", node.digests.forged);
  page.sample("earshot_digests_total", "{result=\"refused\"}", node.digests.refused);
  put_lookups(page, node);
}

void put_library(Page& page, const MetricsReport& report) {
  page.gauge("earshot_index_tracks", "Tracks in the index.", report.index.tracks);
  page.gauge("earshot_index_terms", "Different words in the index, estimated.", report.index.terms);
  page.gauge("earshot_index_bytes", "Bytes of the index on disk.", report.index.bytes_on_disk);
  page.gauge("earshot_index_memory_bytes", "Memory of the index, caches included.", report.storage.memory_bytes);
  page.gauge("earshot_index_paused", "1 while the index takes no changes for a fault of the disk.",
             report.storage.is_paused ? 1 : 0);
  page.counter("earshot_index_added_bytes_total", "Bytes handed over in changes.", report.storage.bytes_added);
  page.counter("earshot_index_written_bytes_total", "Bytes written to tables, the first time and when merging.",
               report.storage.bytes_flushed + report.storage.bytes_compacted);
  page.counter("earshot_index_syncs_total", "Times that changes were forced to the disk.", report.storage.syncs);
  page.gauge("earshot_shares", "Shared folders and files.", report.shares);
  page.gauge("earshot_shared_tracks", "Tracks that are shared from files.", report.shared_tracks);
  page.gauge("earshot_scanning", "1 while a scan or an import is under way.", report.scanning ? 1 : 0);
  page.gauge("earshot_fetches_running", "Fetches under way.", report.fetches_running);
  page.head("earshot_fetches_total", "counter", "Fetches that have ended, by how.");
  page.sample("earshot_fetches_total", "{result=\"done\"}", report.fetches.done);
  page.sample("earshot_fetches_total", "{result=\"failed\"}", report.fetches.failed);
  page.counter("earshot_fetched_bytes_total", "Verified bytes of the fetches that are done.", report.fetches.bytes);
}

void put_process(Page& page, const ProcessFacts& process) {
  page.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  page.seconds("process_cpu_seconds_total", "counter", "CPU time of this process.",
               static_cast<double>(process.cpu_ms) / 1'000.0);
  page.gauge("process_open_fds", "Open descriptors.", process.open_descriptors);
  page.gauge("process_max_fds", "Descriptors that may be open.", process.max_descriptors);
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t milliseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000 + static_cast<std::uint64_t>(time.tv_usec) / 1'000;
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  facts.resident_bytes = resident_bytes();
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) facts.cpu_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_descriptors = limit.rlim_cur;
  std::error_code ignored;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", ignored);
       it != std::filesystem::directory_iterator(); it.increment(ignored))
    ++facts.open_descriptors;
  return facts;
}

std::string metrics(const MetricsReport& report) {
  Page page;
  page.head("earshot_build_info", "gauge", "The program.");
  page.sample("earshot_build_info",
              fmt::format("{{version=\"{}\",role=\"{}\"}}", escaped(report.version), escaped(report.role)), 1);
  page.seconds("earshot_uptime_seconds", "gauge", "Since the start.",
               static_cast<double>(report.node.uptime / 1ms) / 1'000.0);
  put_network(page, report);
  put_search(page, report.node);
  put_library(page, report);
  put_process(page, report.process);
  return std::move(page).text();
}

}  // namespace earshot::node
