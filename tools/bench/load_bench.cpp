// Clients on threads of their own, one clock for all.
#include "tools/bench/load_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "tools/cli/client.h"
#include "tools/cli/replies.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;

// A file of questions is held in memory: a million of 30 bytes.
constexpr std::size_t kMaxQueries = 1'000'000;

Result<std::vector<std::string>> read_queries(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::kNotFound, "cannot read '{}'", file.string());
  std::vector<std::string> queries;
  for (std::string line; queries.size() < kMaxQueries && std::getline(in, line);) {
    SearchRequest request;
    request.text = line;
    if (validate(request)) queries.push_back(line);
  }
  if (queries.empty()) return fail(ErrorCode::kInvalid, "'{}' has no line that is a question", file.string());
  return queries;
}

/// What one client saw.
struct Seen {
  std::vector<std::int64_t> us;  // to the first row, of questions that had one
  std::uint64_t empty = 0, failed = 0;
};

/// The questions and when each is due.
struct Plan {
  const std::vector<std::string>& queries;
  const LoadBenchOptions& options;
  Clock::time_point began;
  std::atomic<std::uint64_t> next = 0;

  std::uint64_t count() const { return std::uint64_t{options.rate} * options.seconds; }
  Clock::time_point due(std::uint64_t number) const {
    return began + std::chrono::nanoseconds(std::chrono::seconds(1)) * static_cast<std::int64_t>(number) / options.rate;
  }
};

void ask(cli::Client& client, const Plan& plan, std::uint64_t number, Seen& seen) {
  SearchRequest request;
  request.text = plan.queries[number % plan.queries.size()];
  request.limit = 20;
  request.time = std::chrono::milliseconds(plan.options.patience_ms);
  bool row = false, error = false;
  cli::Reader reader;
  reader.on_line = [&](std::string_view line) {
    const std::string type = cli::type_of(line);
    row = row || type == "hit";
    error = error || type == "error";
    return !row;
  };
  const auto status = client.call("POST", "/api/v1/searches", cli::search_body(request), reader);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - plan.due(number));
  if (row) {
    seen.us.push_back(took.count());
  } else {
    ++(error || !status ? seen.failed : seen.empty);
  }
}

void run_client(cli::Client& client, Plan& plan, Seen& seen) {
  for (std::uint64_t number = 0; (number = plan.next++) < plan.count();) {
    std::this_thread::sleep_until(plan.due(number));
    ask(client, plan, number, seen);
  }
}

// REQUIRES: sorted.
double quantile_ms(const std::vector<std::int64_t>& us, std::size_t permille) {
  if (us.empty()) return 0;
  return static_cast<double>(us[std::min(us.size() - 1, us.size() * permille / 1000)]) / 1000.0;
}

std::string line_of(const LoadBenchOptions& options, const Seen& all, double seconds) {
  return fmt::format(
      R"({{"row":"load","rate":{},"seconds":{},"clients":{},"asked_per_second":{:.1f},"answered":{},"empty":{},"failed":{},)"
      R"("p50_ms":{:.2f},"p90_ms":{:.2f},"p99_ms":{:.2f},"max_ms":{:.2f}}})",
      options.rate, options.seconds, options.clients,
      static_cast<double>(all.us.size() + all.empty + all.failed) / seconds, all.us.size(), all.empty, all.failed,
      quantile_ms(all.us, 500), quantile_ms(all.us, 900), quantile_ms(all.us, 990), quantile_ms(all.us, 1000));
}

}  // namespace

Result<std::string> run_load_bench(const LoadBenchOptions& options) {
  const auto queries = read_queries(options.queries);
  if (!queries) return tl::unexpected(queries.error());
  const auto config = node::load_config(options.node, node::process_environment());
  if (!config) return tl::unexpected(config.error());
  const auto client = cli::connect_to_node(*config);
  if (!client) return tl::unexpected(client.error());
  Plan plan{*queries, options, Clock::now()};
  std::vector<Seen> seen(options.clients);
  std::vector<std::thread> clients;
  // A call opens a connection of its own, so one Client serves all threads.
  for (Seen& one : seen) clients.emplace_back([&] { run_client(**client, plan, one); });
  for (std::thread& thread : clients) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - plan.began).count();
  Seen all;
  for (const Seen& one : seen) {
    all.us.insert(all.us.end(), one.us.begin(), one.us.end());
    all.empty += one.empty;
    all.failed += one.failed;
  }
  std::sort(all.us.begin(), all.us.end());
  return line_of(options, all, seconds);
}

}  // namespace earshot::bench
