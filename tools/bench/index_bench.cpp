// Three phases on one index, each with its clock and its peak of memory.
#include "tools/bench/index_bench.h"

#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <vector>

#include "index/import.h"
#include "index/index.h"
#include "index/line_reader.h"
#include "schema/random.h"

namespace earshot::bench {

namespace {

using index::Index;

constexpr std::size_t kBuildBatch = 4096;
constexpr std::size_t kUpdateBatch = 1000;
constexpr std::size_t kDrawnQueries = 10'000;

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void forget_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024.0;
  }
  return 0;
}

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// Rows chosen evenly from a stream of unknown length (algorithm R), and queries made of their words.
class DrawnQueries {
 public:
  explicit DrawnQueries(std::uint64_t seed) : random_(Random::stream(seed, 0, 0)) {}

  void see(const Track& track) {
    ++seen_;
    if (rows_.size() < kDrawnQueries) {
      rows_.push_back(track.title + " " + track.artist);
    } else if (const auto at = random_.below(seen_); at < kDrawnQueries) {
      rows_[at] = track.title + " " + track.artist;
    }
  }

  // One to four words of a row; one query in ten has a word that is nowhere, one in twenty is a common word alone.
  std::vector<std::string> queries() {
    std::vector<std::string> made;
    for (const std::string& row : rows_) {
      if (random_.chance(1, 20)) {
        constexpr std::array<const char*, 6> kCommon = {"the", "you", "love", "i", "of", "a"};
        made.emplace_back(kCommon[random_.below(kCommon.size())]);
        continue;
      }
      std::string query = some_words(row);
      if (random_.chance(1, 10)) query += " zzqxv";
      if (!query.empty()) made.push_back(std::move(query));
    }
    return made;
  }

 private:
  std::string some_words(const std::string& row) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < row.size();) {
      const std::size_t end = std::min(row.find(' ', begin), row.size());
      if (end > begin) words.push_back(row.substr(begin, end - begin));
      begin = end + 1;
    }
    random_.shuffle(std::span(words));
    words.resize(std::min<std::size_t>(words.size(), 1 + random_.below(4)));
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text.substr(0, 256);
  }

  Random random_;
  std::uint64_t seen_ = 0;
  std::vector<std::string> rows_;
};

// Kinds A (and), M (miss) and S (common words) are the mix. Of the others, P ends in a prefix, H is a phrase, F has
// filters, X leaves a word out and Z has a slip of the pen; only Z asks for words near the typed ones, as in the other
// engines' drivers.
struct AskedQuery {
  char kind;
  std::string text;
};

constexpr std::string_view kKinds = "AMSPHFXZ";

bool is_of_mix(const AskedQuery& query) {
  return std::string_view("AMS").find(query.kind) != std::string_view::npos;
}

// kind words first_year last_year least_kbps licence left_out, cut by tabs; what stands behind may be missing.
std::optional<AskedQuery> query_of(std::string_view line) {
  std::array<std::string_view, 7> field;
  for (std::string_view& one : field) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    one = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  const auto& [kind, words, first_year, last_year, least_kbps, licence, left_out] = field;
  if (kind.size() != 1 || kKinds.find(kind[0]) == std::string_view::npos || words.empty()) return std::nullopt;
  AskedQuery query{kind[0], std::string(words)};
  if (kind == "P") query.text += '*';
  if (kind == "H") query.text = fmt::format("\"{}\"", words);
  if (!first_year.empty() || !last_year.empty()) query.text += fmt::format(" year:{}..{}", first_year, last_year);
  if (!least_kbps.empty()) query.text += fmt::format(" bitrate:>={}", least_kbps);
  if (!licence.empty()) query.text += fmt::format(" licence:{}", licence);
  if (!left_out.empty()) query.text += fmt::format(" -{}", left_out);
  return query;
}

Result<std::vector<AskedQuery>> read_queries(const std::filesystem::path& file) {
  auto lines = index::LineReader::open(file);
  if (!lines) return tl::unexpected(lines.error());
  std::vector<AskedQuery> queries;
  while (true) {
    auto line = (*lines)->next();
    if (!line) return tl::unexpected(line.error());
    if (!*line) return queries;
    if (auto query = query_of((*line)->text)) queries.push_back(std::move(*query));
  }
}

class Bench {
 public:
  explicit Bench(const IndexBenchOptions& options) : options_(options), drawn_(options.seed) {}

  Result<std::string> run() {
    if (has_phase('b') && std::filesystem::exists(options_.folder)) {
      return fail(ErrorCode::kInvalid, "'{}' exists: name a folder that does not", options_.folder.string());
    }
    auto done = phases();
    index_.reset();
    std::error_code error;
    if (has_phase('b') && has_phase('u')) std::filesystem::remove_all(options_.folder, error);
    if (!done) return tl::unexpected(done.error());
    return "{\"engine\":\"earshot\"" + row_ + "}";
  }

 private:
  bool has_phase(char phase) const { return options_.phases.find(phase) != std::string::npos; }

  Result<void> phases() {
    if (auto counted = count_rows(); !counted) return counted;
    if (has_phase('b')) {
      if (auto built = build(); !built) return built;
    }
    if (auto opened = open(); !opened) return opened;
    if (!has_phase('b')) row_ += fmt::format(",\"tracks\":{}", index_->stats().tracks);
    if (has_phase('q')) {
      if (auto asked = query(); !asked) return asked;
    }
    return has_phase('u') ? update() : Result<void>{};
  }

  // As a process of its own would: what the phase before took is given back.
  Result<void> open() {
    index_.reset();
    malloc_trim(0);
    Index::Options options;
    options.cache_bytes = options_.cache_bytes;
    auto opened = Index::open(options_.folder, options);
    if (!opened) return tl::unexpected(opened.error());
    index_ = std::move(*opened);
    return {};
  }

  // Beforehand, outside the clock. The last rows are kept back for the update.
  Result<void> count_rows() {
    const std::uint64_t kept = options_.updates + options_.singles;
    std::vector<Track> before;  // the batches that hold the last rows
    const auto counts = index::import_table(options_.tracks, import_, [&](std::span<const Track> tracks) -> Result<void> {
      if (options_.queries.empty()) {
        for (const Track& track : tracks) drawn_.see(track);
      }
      before.insert(before.end(), tracks.begin(), tracks.end());
      if (before.size() > 2 * kept + kBuildBatch) before.erase(before.begin(), before.end() - static_cast<std::ptrdiff_t>(kept));
      return {};
    });
    if (!counts) return tl::unexpected(counts.error());
    if (counts->rows <= kept)
      return fail(ErrorCode::kInvalid, "{} rows are too few: {} are kept back for the update", counts->rows, kept);
    held_.assign(before.end() - static_cast<std::ptrdiff_t>(kept), before.end());
    rows_ = counts->rows - kept;
    bad_rows_ = counts->bad_rows;
    return {};
  }

  // The file is read again, on the importer's thread, and added by this one.
  Result<void> build() {
    std::uint64_t left = rows_;
    double seconds = 0;
    if (auto opened = open(); !opened) return opened;
    forget_peak_memory();
    const double begin = wall_seconds();
    const double cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    auto read = index::import_table(options_.tracks, import_, [&](std::span<const Track> tracks) -> Result<void> {
      if (left == 0) return {};
      const auto now = tracks.first(std::min<std::uint64_t>(left, tracks.size()));
      left -= now.size();
      auto added = index_->add(now);
      seconds = wall_seconds() - begin;
      return added;
    });
    if (!read) return tl::unexpected(read.error());
    const double cpu_spent = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    const double memory = peak_memory_mb();
    if (auto opened = open(); !opened) return opened;
    const auto before = index_->stats();
    const double merging = wall_seconds();
    const double merging_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    forget_peak_memory();
    if (auto compacted = index_->compact(); !compacted) return compacted;
    const double merged = wall_seconds() - merging;
    const double merged_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - merging_cpu;
    const auto stats = index_->stats();
    const auto tracks = static_cast<double>(stats.tracks);
    row_ += fmt::format(
        ",\"tracks\":{},\"bad_rows\":{},\"terms\":{},\"build_s\":{:.2f},\"build_tps\":{:.0f},\"build_cpu_s\":{:.2f},"
        "\"bytes_per_track\":{:.1f},\"build_rss_mb\":{:.0f},\"opt_s\":{:.2f},\"opt_cpu_s\":{:.2f},\"opt_rss_mb\":{:.0f},"
        "\"opt_bytes_per_track\":{:.1f}",
        stats.tracks, bad_rows_, stats.terms, seconds, static_cast<double>(rows_) / seconds, cpu_spent,
        static_cast<double>(before.bytes_on_disk) / tracks, memory, merged, merged_cpu, peak_memory_mb(),
        static_cast<double>(stats.bytes_on_disk) / tracks);
    return {};
  }

  struct Pass {
    std::vector<double> wall_us;
    std::vector<double> cpu_us;  // of this thread
    double seconds = 0;
    double hits = 0;  // of a query, on average
  };

  Result<Pass> pass(const std::vector<AskedQuery>& queries) const {
    Pass pass;
    const double begin = wall_seconds();
    double last = begin;
    double last_cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (const AskedQuery& query : queries) {
      const auto answer = index_->search(query.text, {.limit = options_.limit, .budget = 60s, .typos = query.kind == 'Z'});
      if (!answer && answer.error().code != ErrorCode::kInvalid) return tl::unexpected(answer.error());
      const double now = wall_seconds();
      const double cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
      pass.wall_us.push_back((now - last) * 1e6);
      pass.cpu_us.push_back((cpu - last_cpu) * 1e6);
      last = now;
      last_cpu = cpu;
      pass.hits += answer ? static_cast<double>(answer->tracks.size()) : 0;
    }
    pass.seconds = last - begin;
    pass.hits /= static_cast<double>(queries.size());
    return pass;
  }

  Result<std::vector<AskedQuery>> queries() {
    if (!options_.queries.empty()) return read_queries(options_.queries);
    std::vector<AskedQuery> drawn;
    for (std::string& text : drawn_.queries()) drawn.push_back({'A', std::move(text)});
    return drawn;
  }

  Result<void> query() {
    const auto asked = queries();
    if (!asked) return tl::unexpected(asked.error());
    std::vector<AskedQuery> mix;
    std::copy_if(asked->begin(), asked->end(), std::back_inserter(mix), is_of_mix);
    if (mix.empty()) return fail(ErrorCode::kInvalid, "'{}' has no query", options_.queries.string());
    forget_peak_memory();
    if (auto warm = pass(mix); !warm) return tl::unexpected(warm.error());
    std::vector<double> qps, p50, p99, means, cpu, cpu_p50, cpu_p99;
    Pass done;
    for (int run = 0; run < options_.runs; ++run) {
      auto next = pass(mix);
      if (!next) return tl::unexpected(next.error());
      done = std::move(*next);
      qps.push_back(static_cast<double>(mix.size()) / done.seconds);
      p50.push_back(percentile(done.wall_us, 0.5));
      p99.push_back(percentile(done.wall_us, 0.99));
      means.push_back(mean(done.wall_us));
      cpu.push_back(mean(done.cpu_us));
      cpu_p50.push_back(percentile(done.cpu_us, 0.5));
      cpu_p99.push_back(percentile(done.cpu_us, 0.99));
    }
    row_ += fmt::format(
        ",\"q_done\":{},\"q1_qps\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"mean_us\":{:.1f},\"cpu_us\":{:.1f},"
        "\"cpu_p50_us\":{:.1f},\"cpu_p99_us\":{:.1f},\"avg_hits\":{:.2f}",
        mix.size(), median(qps), median(p50), median(p99), median(means), median(cpu), median(cpu_p50), median(cpu_p99),
        done.hits);
    if (auto beside = query_in_threads(mix); !beside) return beside;
    if (auto kinds = query_by_kind(*asked); !kinds) return kinds;
    row_ += fmt::format(",\"query_rss_mb\":{:.0f}", peak_memory_mb());
    return {};
  }

  // Each thread asks its share of the mix.
  Result<void> query_in_threads(const std::vector<AskedQuery>& mix) {
    std::vector<double> qps;
    for (int run = 0; run < options_.runs; ++run) {
      std::vector<std::vector<AskedQuery>> shares(options_.threads);
      for (std::size_t i = 0; i < mix.size(); ++i) shares[i % options_.threads].push_back(mix[i]);
      std::atomic<bool> sound = true;
      const double begin = wall_seconds();
      std::vector<std::thread> threads;
      for (const auto& share : shares) threads.emplace_back([&] { sound = pass(share).has_value() && sound; });
      for (std::thread& thread : threads) thread.join();
      if (!sound) return fail(ErrorCode::kCorrupt, "a search failed");
      qps.push_back(static_cast<double>(mix.size()) / (wall_seconds() - begin));
    }
    row_ += fmt::format(",\"threads\":{},\"q{}_qps\":{:.0f}", options_.threads, options_.threads, median(qps));
    return {};
  }

  // CPU time by kind; null for one of which there is no query.
  Result<void> query_by_kind(const std::vector<AskedQuery>& asked) {
    for (const char kind : kKinds) {
      std::vector<AskedQuery> of_kind;
      std::copy_if(asked.begin(), asked.end(), std::back_inserter(of_kind),
                   [&](const AskedQuery& query) { return query.kind == kind; });
      if (of_kind.empty()) {
        row_ += fmt::format(",\"{}\":null", kind);
        continue;
      }
      const auto done = pass(of_kind);
      if (!done) return tl::unexpected(done.error());
      row_ +=
          fmt::format(",\"{}\":{{\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"mean_us\":{:.1f},\"hits\":{:.2f}}}", kind,
                      percentile(done->cpu_us, 0.5), percentile(done->cpu_us, 0.99), mean(done->cpu_us), done->hits);
    }
    return {};
  }

  static double median(const std::vector<double>& values) { return percentile(values, 0.5); }

  Result<void> update() {
    forget_peak_memory();
    const std::vector<Track>& tracks = held_;
    const std::size_t bulk = tracks.size() - std::min(tracks.size(), options_.singles);
    std::vector<double> commits_ms;
    std::vector<double> singles_ms;
    double bulk_seconds = 0;
    for (std::size_t at = 0; at < tracks.size();) {
      const std::size_t size = at < bulk ? std::min(kUpdateBatch, bulk - at) : 1;
      const double begin = wall_seconds();
      if (auto added = index_->add(std::span(tracks).subspan(at, size)); !added) return added;
      const double seconds = wall_seconds() - begin;
      (at < bulk ? commits_ms : singles_ms).push_back(seconds * 1e3);
      if (at < bulk) bulk_seconds += seconds;
      at += size;
    }
    std::vector<ContentId> contents;
    for (const Track& track : tracks) contents.push_back(track.content);
    const double begin = wall_seconds();
    for (std::size_t at = 0; at < contents.size(); at += kUpdateBatch) {
      const auto part = std::span(contents).subspan(at, std::min(kUpdateBatch, contents.size() - at));
      if (auto removed = index_->remove(part); !removed) return tl::unexpected(removed.error());
    }
    const double remove_seconds = wall_seconds() - begin;
    row_ += fmt::format(
        ",\"add_tps\":{:.0f},\"add_commit_ms_p50\":{:.1f},\"add1_ms_p50\":{:.2f},\"del_tps\":{:.0f},\"update_rss_mb\":{"
        ":.0f}",
        bulk_seconds > 0 ? static_cast<double>(bulk) / bulk_seconds : 0, percentile(commits_ms, 0.5),
        percentile(singles_ms, 0.5), static_cast<double>(contents.size()) / remove_seconds, peak_memory_mb());
    return {};
  }

  const IndexBenchOptions& options_;
  DrawnQueries drawn_;
  const index::ImportOptions import_{options_.layout, kBuildBatch};
  std::uint64_t rows_ = 0;  // to be built of
  std::uint64_t bad_rows_ = 0;
  std::vector<Track> held_;  // for the update
  std::unique_ptr<Index> index_;
  std::string row_;
};

}  // namespace

Result<std::string> run_index_bench(const IndexBenchOptions& options) {
  return Bench(options).run();
}

}  // namespace earshot::bench
