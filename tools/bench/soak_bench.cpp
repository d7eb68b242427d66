// Starts, asks, kills, counts.
#include "tools/bench/soak_bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "schema/random.h"
#include "tools/cli/demo_network.h"
#include "tools/cli/replies.h"

namespace earshot::bench {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr double kWarmS = 30;

struct Sample {
  double s = 0;
  double resident_mb = 0;
  double descriptors = 0;
};

double resident_mb(pid_t process) {
  std::ifstream statm("/proc/" + std::to_string(process) + "/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double descriptors(pid_t process) {
  std::error_code ignored;
  const fs::directory_iterator open("/proc/" + std::to_string(process) + "/fd", ignored);
  return static_cast<double>(std::distance(fs::begin(open), fs::end(open)));
}

/// Of a straight line through the samples, least squares, an hour.
double slope(const std::vector<Sample>& samples, double Sample::*value) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const Sample& sample : samples) {
    if (sample.s < kWarmS) continue;
    n += 1;
    x += sample.s;
    y += sample.*value;
    xx += sample.s * sample.s;
    xy += sample.s * (sample.*value);
  }
  const double spread = n * xx - x * x;
  return spread > 0 ? (n * xy - x * y) / spread * 3600 : 0;
}

class Soak {
 public:
  Soak(const SoakBenchOptions& options, cli::DemoNetwork network)
      : options_(options), network_(std::move(network)), random_(Random::stream(options.seed, 1, 0)) {}

  Result<void> begin() {
    for (std::size_t node = 0; node < options_.nodes; ++node) {
      if (auto up = bring_up(node); !up) return up;
      if (auto filled = fill(node); !filled) return filled;
    }
    return {};
  }

  Result<void> run() {
    const auto began = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    double next_kill = options_.kill_every_s;
    while (elapsed() < options_.seconds) {
      ask();
      samples_.push_back({elapsed(), resident_mb(network_.nodes()[0].pid), descriptors(network_.nodes()[0].pid)});
      if (elapsed() < next_kill) continue;
      next_kill += options_.kill_every_s;
      if (auto back = kill_one(); !back) return back;
    }
    return {};
  }

  std::string line() const {
    const auto [least, most] = std::minmax_element(samples_.begin(), samples_.end(),
                                                   [](const Sample& a, const Sample& b) { return a.descriptors < b.descriptors; });
    return fmt::format(
        R"({{"row":"soak","nodes":{},"seconds":{},"seed":{},"searches":{},"found":{},"kills":{},"restarts":{},"lost":{},)"
        R"("rss_mb":{:.1f},"rss_slope_mb_per_h":{:.2f},"descriptors":{},"descriptors_most":{},"descriptors_slope_per_h":{:.1f}}})",
        options_.nodes, options_.seconds, options_.seed, searches_, found_, kills_, restarts_, lost_, samples_.back().resident_mb,
        slope(samples_, &Sample::resident_mb), least->descriptors, most->descriptors, slope(samples_, &Sample::descriptors));
  }

 private:
  static std::string title(std::size_t node, std::uint64_t track) { return fmt::format("soaked n{} t{}", node, track); }

  Result<void> bring_up(std::size_t node) {
    const std::string bootstrap = node == 0 ? "" : network_.nodes()[0].status.self;
    if (auto started = network_.start(node, bootstrap, {"--index-sync", "true"}); !started) return started;
    return network_.wait_until(
        node, [&](const cli::StatusLine& status) { return node == 0 || status.neighbors > 0; }, kPatience);
  }

  Result<void> fill(std::size_t node) {
    const fs::path table = network_.folder() / fmt::format("table{}.tsv", node);
    std::ofstream rows(table);
    rows << "title\tartist\n";
    for (std::uint32_t track = 0; track < options_.tracks; ++track) rows << title(node, track) << "\tsoak\n";
    rows.close();
    std::optional<Error> refused;
    const cli::Reader reader{[&](std::string_view said) {
                               if (cli::type_of(said) == "error") refused = cli::error_from(said);
                               return true;
                             },
                             nullptr};
    auto asked = network_.ask(node, "POST", "/api/v1/imports", cli::import_body(table.string(), 0, options_.tracks), reader);
    if (!asked) return asked;
    return refused ? Result<void>(tl::unexpected(*refused)) : Result<void>();
  }

  /// One node asks for one track of another.
  void ask() {
    const auto asker = static_cast<std::size_t>(random_.below(options_.nodes));
    const auto holder = (asker + 1 + static_cast<std::size_t>(random_.below(options_.nodes - 1))) % options_.nodes;
    SearchRequest request;
    request.text = title(holder, random_.below(options_.tracks));
    request.time = 1s;
    bool found = false;
    const cli::Reader reader{[&](std::string_view said) {
                               found = found || (cli::type_of(said) == "hit" && cli::hit_from(said).title == request.text);
                               return !found;
                             },
                             nullptr};
    ++searches_;
    // A node that was asked may be coming back from the dead; then nothing is found.
    static_cast<void>(!network_.ask(asker, "POST", "/api/v1/searches", cli::search_body(request), reader));
    found_ += found ? 1 : 0;
  }

  Result<void> kill_one() {
    const std::size_t node = 1 + static_cast<std::size_t>(random_.below(options_.nodes - 1));
    network_.kill(node);
    ++kills_;
    if (auto up = bring_up(node); !up) return up;
    ++restarts_;
    const std::uint64_t there = network_.nodes()[node].status.tracks;
    lost_ += options_.tracks - std::min<std::uint64_t>(there, options_.tracks);
    return {};
  }

  const SoakBenchOptions& options_;
  cli::DemoNetwork network_;
  Random random_;
  std::vector<Sample> samples_;
  std::uint64_t searches_ = 0, found_ = 0, kills_ = 0, restarts_ = 0, lost_ = 0;
};

}  // namespace

Result<std::string> run_soak_bench(const SoakBenchOptions& options) {
  auto network = cli::DemoNetwork::create(options.nodes, /*keep=*/false, options.program);
  if (!network) return tl::unexpected(network.error());
  Soak soak(options, std::move(*network));
  if (auto begun = soak.begin(); !begun) return tl::unexpected(begun.error());
  if (auto run = soak.run(); !run) return tl::unexpected(run.error());
  return soak.line();
}

}  // namespace earshot::bench
