// One to one, one to eight, and how soon the first byte is there; libtorrent beside it where its driver is named.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>

#include "stream/ppspp/engine.h"
#include "tools/bench/stream_bench_process.h"
#include "tools/bench/stream_bench_rows.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxProviders = 16;
constexpr std::size_t kLeechers = 8;
constexpr std::uint64_t kSwarmBytes = 100'000'000;
constexpr double kPatience = 300;

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

struct Errand {
  Digest32 root{};
  std::array<std::uint16_t, kMaxProviders> providers{};
  std::size_t count = 0;
};

struct Fetched {
  bool whole = false;  // and equal to what was given
  double seconds = 0, first_ms = 0;
  Usage usage;  // when all was here, before it is compared
};

bool is_equal(stream::Stream& content, const std::filesystem::path& file, std::uint64_t size) {
  std::ifstream original(file, std::ios::binary);
  Bytes block(1 << 20), expected(1 << 20);
  for (std::uint64_t at = 0; at < size; at += block.size()) {
    const std::size_t want = std::min<std::uint64_t>(block.size(), size - at);
    original.read(reinterpret_cast<char*>(expected.data()), static_cast<std::streamsize>(want));
    const auto got = content.read(at, std::span(block).first(want), 10s);
    if (!got || *got != want || !std::equal(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(want), expected.begin())) return false;
  }
  return true;
}

Fetched fetch(stream::Engine& engine, const Errand& errand, const std::filesystem::path& file, std::uint64_t size) {
  std::vector<Endpoint> providers;
  for (std::size_t i = 0; i < errand.count; ++i) providers.push_back(loopback(errand.providers[i]));
  Fetched fetched;
  const Usage before = usage_now();
  const auto begin = Clock::now();
  auto opened = engine.open({Scheme::kPpspp, errand.root}, providers);
  if (!opened) return fetched;
  stream::Stream& content = **opened;
  Bytes byte(1);
  if (!content.read(0, byte, 30s)) return fetched;
  fetched.first_ms = seconds_since(begin) * 1000;
  while (!content.status().complete) {
    if (seconds_since(begin) > kPatience) return fetched;
    usleep(1000);
  }
  fetched.seconds = seconds_since(begin);
  fetched.usage = usage_since(before);
  fetched.whole = is_equal(content, file, size);
  return fetched;
}

/// Says its port, hears an Errand, says what came of it, and serves on until it is killed.
Result<Worker> start_leecher(const std::filesystem::path& folder, const std::filesystem::path& file, std::uint64_t size) {
  return Worker::start([=](const Line& line) {
    auto engine = stream::ppspp::open_engine({folder, loopback(0)});
    Errand errand;
    if (!engine || !line.say((*engine)->port()) || !line.hear(errand)) return;
    line.say(fetch(**engine, errand, file, size));
    line.hear(errand);
  });
}

struct PeerRun {
  double seconds = 0, first_ms = 0, cpu_s = 0;
  double seeder_mb = 0, leecher_mb = 0;  // the largest of them
};

/// The same with libtorrent: `lt make|seed|leech`, as the driver's own usage says.
Result<PeerRun> run_peer(const StreamBenchOptions& options, const std::filesystem::path& file, const std::string& transport, std::size_t leechers) {
  const std::string driver = options.peer.string(), torrent = file.string() + ".torrent";
  const std::vector<std::string> environment = {"LT_TUNED=1", "LT_STAY=1", "LT_TICK=20"};
  {
    auto make = Program::start({driver, "make", file.string(), torrent, "256"}, environment, options.folder / "make.out");
    if (!make) return tl::unexpected(std::move(make.error()));
    if (auto made = make->wait_for("make", kPatience); !made) return tl::unexpected(std::move(made.error()));
  }
  constexpr int kFirstPort = 47001;
  auto seeder = Program::start({driver, "seed", torrent, options.folder.string(), std::to_string(kFirstPort), transport, "0"}, environment,
                               options.folder / "seed.out");
  if (!seeder) return tl::unexpected(std::move(seeder.error()));
  if (auto ready = seeder->wait_for("READY", kPatience); !ready) return tl::unexpected(std::move(ready.error()));
  usleep(500'000);  // it says so before it listens
  std::vector<Program> programs;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < leechers; ++i) {
    const auto folder = options.folder / fmt::format("peer{}", i);
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    std::vector<std::string> command = {driver, "leech", torrent, folder.string(), std::to_string(kFirstPort + 1 + static_cast<int>(i)), transport, "0"};
    for (std::size_t other = 0; other <= i; ++other) command.push_back(std::to_string(kFirstPort + static_cast<int>(other)));
    auto program = Program::start(command, environment, options.folder / fmt::format("leech{}.out", i));
    if (!program) return tl::unexpected(std::move(program.error()));
    programs.push_back(std::move(*program));
  }
  PeerRun run;
  for (Program& program : programs) {
    const auto done = program.wait_for("DONE", kPatience);
    if (!done) return tl::unexpected(done.error());
    run.seconds = std::max(run.seconds, leechers == 1 ? std::stod((*done)[1]) : seconds_since(begin));
    run.first_ms = std::stod((*done)[3]) * 1000;
  }
  for (Program& program : programs) {
    const Usage usage = program.end();
    run.cpu_s += usage.cpu_s;
    run.leecher_mb = std::max(run.leecher_mb, usage.peak_mb);
    std::error_code ignored;
  }
  const Usage usage = seeder->end();
  run.cpu_s += usage.cpu_s;
  run.seeder_mb = usage.peak_mb;
  for (std::size_t i = 0; i < leechers; ++i) {
    std::error_code ignored;
    std::filesystem::remove_all(options.folder / fmt::format("peer{}", i), ignored);
  }
  return run;
}

struct Run {
  double first_done_s = 0, last_done_s = 0, first_ms = 0, cpu_s = 0, hashed_s = 0;
  Usage seeder, leecher;  // the largest of them
};

Result<Run> run_ours(const StreamBenchOptions& options, const std::filesystem::path& file, std::uint64_t size, std::size_t leechers) {
  auto seeder = start_seeder(options.folder / "seeder", file);
  if (!seeder) return tl::unexpected(std::move(seeder.error()));
  Offer offer;
  if (!seeder->line().hear(offer)) return fail(ErrorCode::kUnreachable, "the seeder did not start");
  std::vector<Worker> workers;
  Errand errand{offer.root, {offer.port}, 1};
  std::vector<Errand> errands;
  for (std::size_t i = 0; i < leechers; ++i) {
    auto worker = start_leecher(options.folder / fmt::format("leecher{}", i), file, size);
    if (!worker) return tl::unexpected(std::move(worker.error()));
    std::uint16_t port = 0;
    if (!worker->line().hear(port)) return fail(ErrorCode::kUnreachable, "a leecher did not start");
    workers.push_back(std::move(*worker));
    errands.push_back(errand);
    errand.providers[errand.count++] = port;
  }
  for (std::size_t i = 0; i < leechers; ++i) workers[i].line().say(errands[i]);
  Run run;
  run.hashed_s = offer.hashed_s;
  for (Worker& worker : workers) {
    Fetched fetched;
    if (!worker.line().hear(fetched) || fetched.seconds == 0) return fail(ErrorCode::kTimedOut, "a leecher has not got everything");
    if (!fetched.whole) return fail(ErrorCode::kCorrupt, "what arrived is not what was given");
    run.last_done_s = std::max(run.last_done_s, fetched.seconds);
    run.first_done_s = run.first_done_s == 0 ? fetched.seconds : std::min(run.first_done_s, fetched.seconds);
    run.first_ms = std::max(run.first_ms, fetched.first_ms);
    run.cpu_s += fetched.usage.cpu_s;
    run.leecher.cpu_s += fetched.usage.cpu_s;
    run.leecher.peak_mb = std::max(run.leecher.peak_mb, fetched.usage.peak_mb);
  }
  if (!seeder->line().say('s') || !seeder->line().hear(run.seeder)) return fail(ErrorCode::kUnreachable, "the seeder died");
  run.cpu_s += run.seeder.cpu_s;
  return run;
}

}  // namespace

Result<std::string> row_vod(const StreamBenchOptions& options) {
  const auto file = options.folder / "content";
  if (auto written = write_content(file, options.size); !written) return tl::unexpected(std::move(written.error()));
  const auto run = run_ours(options, file, options.size, 1);
  if (!run) return tl::unexpected(run.error());
  const double gb = static_cast<double>(options.size) * 1e-9;
  std::string members = fmt::format(
      "\"bytes\":{},\"seconds\":{:.2f},\"mb_per_s\":{:.1f},\"cpu_s_per_gb\":{:.2f},\"cpu_s_per_gb_seeder\":{:.2f},"
      "\"cpu_s_per_gb_leecher\":{:.2f},\"rss_mb\":{:.1f},\"rss_mb_seeder\":{:.1f},\"first_chunk_ms\":{:.2f},\"hash_mb_per_s\":{:.0f}",
      options.size, run->last_done_s, gb * 1000 / run->last_done_s, run->cpu_s / gb, run->seeder.cpu_s / gb, run->leecher.cpu_s / gb,
      run->leecher.peak_mb, run->seeder.peak_mb, run->first_ms, gb * 1000 / run->hashed_s);
  if (options.peer.empty()) return members;
  for (const std::string transport : {"tcp", "utp"}) {
    const auto peer = run_peer(options, file, transport, 1);
    if (!peer) return fail_in("libtorrent " + transport, Error(peer.error()));
    members += fmt::format(
        ",\"libtorrent_{0}\":{{\"mb_per_s\":{1:.1f},\"cpu_s_per_gb\":{2:.2f},\"rss_mb\":{3:.1f},\"first_chunk_ms\":{4:.1f},"
        "\"goodput_ratio\":{5:.2f},\"cpu_ratio\":{6:.2f}}}",
        transport, gb * 1000 / peer->seconds, peer->cpu_s / gb, peer->leecher_mb, peer->first_ms, peer->seconds / run->last_done_s,
        run->cpu_s / peer->cpu_s);
  }
  return members;
}

Result<std::string> row_swarm(const StreamBenchOptions& options) {
  const std::uint64_t size = std::min(options.size, kSwarmBytes);
  const auto file = options.folder / "content";
  if (auto written = write_content(file, size); !written) return tl::unexpected(std::move(written.error()));
  const auto run = run_ours(options, file, size, kLeechers);
  if (!run) return tl::unexpected(run.error());
  const double gb = static_cast<double>(size) * 1e-9 * kLeechers;
  std::string members = fmt::format("\"bytes\":{},\"leechers\":{},\"first_done_s\":{:.2f},\"last_done_s\":{:.2f},\"mb_per_s\":{:.1f},"
                                    "\"cpu_s_per_gb\":{:.2f},\"rss_mb\":{:.1f}",
                                    size, kLeechers, run->first_done_s, run->last_done_s, gb * 1000 / run->last_done_s, run->cpu_s / gb, run->leecher.peak_mb);
  if (options.peer.empty()) return members;
  const auto peer = run_peer(options, file, "tcp", kLeechers);
  if (!peer) return fail_in("libtorrent", Error(peer.error()));
  return members + fmt::format(",\"libtorrent_tcp\":{{\"last_done_s\":{:.2f},\"cpu_s_per_gb\":{:.2f},\"rss_mb\":{:.1f},\"time_ratio\":{:.2f}}}",
                               peer->seconds, peer->cpu_s / gb, peer->leecher_mb, run->last_done_s / peer->seconds);
}

/// Each content of one seeder is dialled for the first time; the seeder opens it then, too.
Result<std::string> row_first_chunk(const StreamBenchOptions& options) {
  constexpr std::size_t kContents = 21;
  std::vector<double> times;
  for (std::size_t i = 0; i < kContents; ++i) {
    const auto file = options.folder / fmt::format("content{}", i);
    if (auto written = write_content(file, 200'000, i + 1); !written) return tl::unexpected(std::move(written.error()));
    const auto run = run_ours(options, file, 200'000, 1);
    if (!run) return tl::unexpected(run.error());
    times.push_back(run->first_ms);
    std::error_code ignored;
    for (const char* used : {"seeder", "leecher0"}) std::filesystem::remove_all(options.folder / used, ignored);
  }
  std::sort(times.begin(), times.end());
  return fmt::format("\"contents\":{},\"first_chunk_ms\":{:.2f},\"p90_ms\":{:.2f}", kContents, times[kContents / 2], times[kContents * 9 / 10]);
}

}  // namespace earshot::bench
