// What a listener notices: how soon it plays, whether it stops when a source dies, and what loss does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "stream/playback.h"
#include "stream/ppspp/engine.h"
#include "tests/impairment/udp_proxy.h"
#include "tools/bench/stream_bench_process.h"
#include "tools/bench/stream_bench_rows.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;
using impairment::Path;
using impairment::UdpProxy;

double ms_since(Clock::time_point then) { return std::chrono::duration<double, std::milli>(Clock::now() - then).count(); }

struct Playing {
  std::unique_ptr<stream::Engine> engine;
  std::shared_ptr<stream::Playback> playback;
};

Result<Playing> play(const std::filesystem::path& folder, const Digest32& root, std::span<const Endpoint> providers, std::uint32_t bit_rate) {
  auto engine = stream::ppspp::open_engine({folder, loopback(0)});
  if (!engine) return tl::unexpected(std::move(engine.error()));
  auto content = (*engine)->open({Scheme::kPpspp, root}, providers);
  if (!content) return tl::unexpected(std::move(content.error()));
  stream::PlaybackOptions options;
  options.bit_rate = bit_rate;
  return Playing{std::move(*engine), stream::Playback::open(std::move(*content), options)};
}

/// Reads exactly so much from here.
Result<void> read_on(stream::Playback::Reader& reader, std::uint64_t bytes) {
  Bytes block(64 * 1024);
  while (bytes > 0) {
    const auto got = reader.read(std::span(block).first(std::min<std::uint64_t>(bytes, block.size())), 30s);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return fail(ErrorCode::kCorrupt, "the content ends early");
    bytes -= *got;
  }
  return {};
}

}  // namespace

/// A path of 40 ms and 8 Mbit/s; head and tail were fetched when the hit was shown. Then a player opens it: it reads the head,
/// looks at the tail, and needs a second of sound.
Result<std::string> row_play_start(const StreamBenchOptions& options) {
  constexpr std::uint32_t kBitRate = 2'000'000;
  constexpr std::uint64_t kSize = 20'000'000, kEnd = 64 * 1024;
  const auto file = options.folder / "content";
  if (auto written = write_content(file, kSize); !written) return tl::unexpected(std::move(written.error()));
  auto seeder = start_seeder(options.folder / "seeder", file);
  if (!seeder) return tl::unexpected(std::move(seeder.error()));
  Offer offer;
  if (!seeder->line().hear(offer)) return fail(ErrorCode::kUnreachable, "the seeder did not start");
  Path path;
  path.delay = 20ms;
  path.bytes_per_second = 1'000'000;
  auto proxy = UdpProxy::open(loopback(offer.port), path, path, 1);
  if (!proxy) return tl::unexpected(std::move(proxy.error()));
  const std::array<Endpoint, 1> providers = {(*proxy)->local()};
  const auto begin = Clock::now();
  auto playing = play(options.folder / "player", offer.root, providers, kBitRate);
  if (!playing) return tl::unexpected(std::move(playing.error()));
  {
    auto ahead = playing->playback->open_reader(0);
    if (!ahead) return tl::unexpected(std::move(ahead.error()));
    if (auto read = read_on(**ahead, 2 * kEnd); !read) return tl::unexpected(std::move(read.error()));
    (*ahead)->seek(kSize - 2 * kEnd);
    if (auto read = read_on(**ahead, 2 * kEnd); !read) return tl::unexpected(std::move(read.error()));
  }
  const double prefetch_ms = ms_since(begin);
  const auto pressed = Clock::now();
  auto reader = playing->playback->open_reader(0);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  if (auto read = read_on(**reader, kEnd); !read) return tl::unexpected(std::move(read.error()));
  (*reader)->seek(kSize - kEnd);
  if (auto read = read_on(**reader, kEnd); !read) return tl::unexpected(std::move(read.error()));
  (*reader)->seek(kEnd);
  if (auto read = read_on(**reader, kBitRate / 8); !read) return tl::unexpected(std::move(read.error()));
  return fmt::format("\"bit_rate\":{},\"round_trip_ms\":40,\"path_mbit\":8,\"prefetch_ms\":{:.0f},\"play_start_ms\":{:.0f}",
                     kBitRate, prefetch_ms, ms_since(pressed));
}

/// Two sources give 1.5 MB a second each to a player of 8 Mbit/s; the one that gave more is killed two seconds in. The sound
/// is due a block at a time; a gap is how long one block keeps the player waiting.
Result<std::string> row_source_killed(const StreamBenchOptions& options) {
  constexpr std::uint64_t kSize = 16'000'000, kRate = 1'500'000, kBlock = 20'000;  // 20 ms of sound
  constexpr std::uint32_t kBitRate = 8'000'000;
  const auto file = options.folder / "content";
  if (auto written = write_content(file, kSize); !written) return tl::unexpected(std::move(written.error()));
  std::vector<Worker> sources;
  std::vector<Endpoint> providers;
  Offer offer;
  for (const char* name : {"first", "second"}) {
    auto source = start_seeder(options.folder / name, file, kRate);
    if (!source) return tl::unexpected(std::move(source.error()));
    if (!source->line().hear(offer)) return fail(ErrorCode::kUnreachable, "a source did not start");
    providers.push_back(loopback(offer.port));
    sources.push_back(std::move(*source));
  }
  auto playing = play(options.folder / "player", offer.root, providers, kBitRate);
  if (!playing) return tl::unexpected(std::move(playing.error()));
  auto reader = playing->playback->open_reader(0);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  double longest_before = 0, longest_after = 0;
  bool killed = false;
  auto due = Clock::now();
  for (std::uint64_t at = 0; at + kBlock <= kSize / 2; at += kBlock) {
    if (!killed && at >= kSize / 8) {
      const auto known = playing->playback->status().sources;
      const auto most = std::max_element(known.begin(), known.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
      const bool first = most == known.end() || most->endpoint == providers[0];
      sources[first ? 0 : 1].kill();
      killed = true;
    }
    while (Clock::now() < due) usleep(1000);
    const auto asked = Clock::now();
    if (auto read = read_on(**reader, kBlock); !read) return tl::unexpected(std::move(read.error()));
    double& longest = killed ? longest_after : longest_before;
    if (at > 0) longest = std::max(longest, ms_since(asked));
    due = std::max(due, asked) + std::chrono::milliseconds(20);
  }
  return fmt::format("\"sources\":2,\"bit_rate\":{},\"longest_wait_before_ms\":{:.0f},\"longest_wait_after_ms\":{:.0f}",
                     kBitRate, longest_before, longest_after);
}

namespace {

/// Seconds in which a content crosses a path.
Result<double> cross(const StreamBenchOptions& options, const Offer& offer, const Path& path, const std::string& name) {
  auto proxy = UdpProxy::open(loopback(offer.port), path, path, 7);
  if (!proxy) return tl::unexpected(std::move(proxy.error()));
  const std::array<Endpoint, 1> providers = {(*proxy)->local()};
  auto engine = stream::ppspp::open_engine({options.folder / name, loopback(0)});
  if (!engine) return tl::unexpected(std::move(engine.error()));
  const auto begin = Clock::now();
  auto content = (*engine)->open({Scheme::kPpspp, offer.root}, providers);
  if (!content) return tl::unexpected(std::move(content.error()));
  while (!(*content)->status().complete) {
    if (ms_since(begin) > 120'000) return fail(ErrorCode::kTimedOut, "{} has {} bytes after two minutes", name, (*content)->status().verified);
    usleep(5000);
  }
  return ms_since(begin) / 1000;
}

/// Milliseconds for which a player of 1 Mbit/s stands still in so many seconds of sound.
Result<double> stalls(const StreamBenchOptions& options, const Offer& offer, const Path& path, double seconds) {
  constexpr std::uint32_t kBitRate = 1'000'000;
  auto proxy = UdpProxy::open(loopback(offer.port), path, path, 8);
  if (!proxy) return tl::unexpected(std::move(proxy.error()));
  const std::array<Endpoint, 1> providers = {(*proxy)->local()};
  auto playing = play(options.folder / "listener", offer.root, providers, kBitRate);
  if (!playing) return tl::unexpected(std::move(playing.error()));
  auto reader = playing->playback->open_reader(0);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  constexpr std::uint64_t kSlice = kBitRate / 8 / 10;  // a tenth of a second
  if (auto read = read_on(**reader, 10 * kSlice); !read) return tl::unexpected(std::move(read.error()));
  double stalled_ms = 0;
  auto due = Clock::now() + std::chrono::milliseconds(1000);
  for (double played = 0; played < seconds; played += 0.1) {
    if (auto read = read_on(**reader, kSlice); !read) return tl::unexpected(std::move(read.error()));
    const double late = ms_since(due);
    if (late > 0) {
      stalled_ms += late;
      due = Clock::now();
    }
    due += std::chrono::milliseconds(100);
    // A player asks when it has room: a second before the sound is due.
    while (ms_since(due) < -1000) usleep(5000);
  }
  return stalled_ms;
}

}  // namespace

/// 10 % loss, a round trip of 100 ms with 20 ms of jitter, 20 Mbit/s; the same path without loss beside it.
Result<std::string> row_loss(const StreamBenchOptions& options) {
  const std::uint64_t size = std::min<std::uint64_t>(options.size, 30'000'000);
  const auto file = options.folder / "content";
  if (auto written = write_content(file, size); !written) return tl::unexpected(std::move(written.error()));
  auto seeder = start_seeder(options.folder / "seeder", file);
  if (!seeder) return tl::unexpected(std::move(seeder.error()));
  Offer offer;
  if (!seeder->line().hear(offer)) return fail(ErrorCode::kUnreachable, "the seeder did not start");
  Path path;
  path.delay = 45ms;
  path.jitter = 10ms;
  path.bytes_per_second = 2'500'000;
  Path lossy = path;
  lossy.loss_percent = 10;
  const auto clean_s = cross(options, offer, path, "clean");
  if (!clean_s) return tl::unexpected(clean_s.error());
  const auto lossy_s = cross(options, offer, lossy, "lossy");
  if (!lossy_s) return tl::unexpected(lossy_s.error());
  const double listened_s = std::clamp(static_cast<double>(size) / 125'000 - 3, 1.0, 20.0);
  const auto stalled_ms = stalls(options, offer, lossy, listened_s);
  if (!stalled_ms) return tl::unexpected(stalled_ms.error());
  const double mb = static_cast<double>(size) * 1e-6;
  return fmt::format("\"bytes\":{},\"loss_percent\":10,\"round_trip_ms\":100,\"jitter_ms\":20,\"path_mbit\":20,\"clean_mb_per_s\":{:.2f},"
                     "\"lossy_mb_per_s\":{:.2f},\"ratio\":{:.2f},\"listened_s\":{:.0f},\"stalled_ms\":{:.0f}",
                     size, mb / *clean_s, mb / *lossy_s, *clean_s / *lossy_s, listened_s, *stalled_ms);
}

}  // namespace earshot::bench
