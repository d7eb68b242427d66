// Forks a seeder, fetches from it, and adds up what both used.
#include "tools/bench/stream_bench.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "schema/random.h"
#include "stream/ppspp/engine.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;

struct Usage {
  double cpu_s = 0;
  double peak_mb = 0;
};

Usage usage_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024};
}

Result<void> write_content(const std::filesystem::path& file, std::uint64_t size) {
  std::ofstream out(file, std::ios::binary);
  std::array<char, 1 << 16> block;
  Random random = Random::stream(1, 0, 0);
  for (std::size_t i = 0; i < block.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(block.data() + i, &word, sizeof word);
  }
  for (std::uint64_t done = 0; done < size && out; done += block.size()) {
    std::memcpy(block.data(), &done, sizeof done);  // no two blocks alike
    out.write(block.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), size - done)));
  }
  if (!out.flush()) return fail(ErrorCode::kDisk, "cannot write {}", file.string());
  return {};
}

/// What the seeder tells: where it is and what it shares, and at the end what it used.
struct Offer {
  std::uint16_t port = 0;
  Digest32 root{};
  double hashed_s = 0;
};

Endpoint loopback(std::uint16_t port) {
  auto endpoint = endpoint_from("127.0.0.1:0").value();
  endpoint.port = port;
  return endpoint;
}

[[noreturn]] void seed(const std::filesystem::path& folder, const std::filesystem::path& file, int to_parent, int from_parent) {
  auto engine = stream::ppspp::open_engine({folder, loopback(0)});
  if (!engine) _exit(1);
  const auto begin = Clock::now();
  auto content = (*engine)->share(file, {});
  if (!content) _exit(1);
  const Offer offer{(*engine)->port(), content->digest, std::chrono::duration<double>(Clock::now() - begin).count()};
  const Usage before = usage_of(RUSAGE_SELF);
  if (write(to_parent, &offer, sizeof offer) != sizeof offer) _exit(1);
  char stop = 0;
  if (read(from_parent, &stop, 1) < 0) _exit(1);
  Usage after = usage_of(RUSAGE_SELF);
  after.cpu_s -= before.cpu_s;
  if (write(to_parent, &after, sizeof after) != sizeof after) _exit(1);
  engine->reset();
  _exit(0);
}

struct Fetched {
  double seconds = 0, first_ms = 0;
  Usage usage;  // when all was here, before it is compared
};

Result<Fetched> fetch(stream::Engine& engine, const Offer& offer, const std::filesystem::path& file, std::uint64_t size) {
  const std::array<Endpoint, 1> providers = {loopback(offer.port)};
  const auto begin = Clock::now();
  auto opened = engine.open({Scheme::kPpspp, offer.root}, providers);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  stream::Stream& content = **opened;
  Bytes block(1 << 20);
  auto got = content.read(0, std::span(block).first(1), 10s);
  if (!got) return tl::unexpected(std::move(got.error()));
  Fetched fetched;
  fetched.first_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  // Waiting for the last byte of each further 16 MiB is enough: content arrives in order.
  for (std::uint64_t at = 0; at < size; at += std::uint64_t{16} << 20) {
    const std::uint64_t last = std::min(size, at + (std::uint64_t{16} << 20)) - 1;
    got = content.read(last, std::span(block).first(1), 60s);
    if (!got) return tl::unexpected(std::move(got.error()));
  }
  while (!content.status().complete) usleep(1000);
  fetched.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  fetched.usage = usage_of(RUSAGE_SELF);

  std::ifstream original(file, std::ios::binary);
  Bytes expected(block.size());
  for (std::uint64_t at = 0; at < size; at += block.size()) {
    const std::size_t want = std::min<std::uint64_t>(block.size(), size - at);
    original.read(reinterpret_cast<char*>(expected.data()), static_cast<std::streamsize>(want));
    got = content.read(at, std::span(block).first(want), 10s);
    if (!got || *got != want || !std::equal(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(want), expected.begin())) {
      return fail(ErrorCode::kCorrupt, "bytes from {} on differ", at);
    }
  }
  return fetched;
}

Result<std::string> run_vod(const std::filesystem::path& folder, std::uint64_t size) {
  const std::filesystem::path file = folder / "content";
  if (auto written = write_content(file, size); !written) return tl::unexpected(std::move(written.error()));
  std::array<int, 2> up{}, down{};
  if (pipe(up.data()) != 0 || pipe(down.data()) != 0) return fail(ErrorCode::kExhausted, "no pipe left");
  const pid_t child = fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "cannot fork");
  if (child == 0) seed(folder / "seeder", file, up[1], down[0]);
  close(up[1]);
  close(down[0]);

  Offer offer;
  Result<Fetched> fetched = fail(ErrorCode::kUnreachable, "the seeder did not start");
  Usage taker;
  if (read(up[0], &offer, sizeof offer) == sizeof offer) {
    auto engine = stream::ppspp::open_engine({folder / "leecher", loopback(0)});
    if (!engine) return tl::unexpected(std::move(engine.error()));
    const Usage before = usage_of(RUSAGE_SELF);
    fetched = fetch(**engine, offer, file, size);
    if (fetched) taker = fetched->usage;
    taker.cpu_s -= before.cpu_s;
  }
  Usage giver;
  const bool told = write(down[1], "", 1) == 1 && read(up[0], &giver, sizeof giver) == sizeof giver;
  close(up[0]);
  close(down[1]);
  waitpid(child, nullptr, 0);
  if (!fetched) return tl::unexpected(std::move(fetched.error()));
  if (!told) return fail(ErrorCode::kUnreachable, "the seeder died");
  const double gigabytes = static_cast<double>(size) * 1e-9;
  return fmt::format(
      "{{\"row\":\"vod\",\"engine\":\"ppspp\",\"bytes\":{},\"mb_per_s\":{:.1f},\"cpu_s_per_gb\":{:.2f},"
      "\"cpu_s_per_gb_seeder\":{:.2f},\"cpu_s_per_gb_leecher\":{:.2f},\"rss_mb\":{:.1f},\"rss_mb_seeder\":{:.1f},"
      "\"first_chunk_ms\":{:.2f},\"hash_mb_per_s\":{:.0f}}}",
      size, gigabytes * 1000 / fetched->seconds, (giver.cpu_s + taker.cpu_s) / gigabytes, giver.cpu_s / gigabytes,
      taker.cpu_s / gigabytes, taker.peak_mb, giver.peak_mb, fetched->first_ms, gigabytes * 1000 / offer.hashed_s);
}

}  // namespace

Result<std::string> run_stream_bench(const StreamBenchOptions& options) {
  if (options.row != "vod") return fail(ErrorCode::kInvalid, "no stream row '{}': there is vod", options.row);
  if (options.size == 0) return fail(ErrorCode::kInvalid, "a content has at least one byte");
  std::string name = (std::filesystem::temp_directory_path() / "earshot-bench-XXXXXX").string();
  const bool temporary = options.folder.empty();
  if (temporary && mkdtemp(name.data()) == nullptr) return fail(ErrorCode::kDisk, "cannot make {}", name);
  const std::filesystem::path folder = temporary ? std::filesystem::path(name) : options.folder;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  auto line = run_vod(folder, options.size);
  if (temporary) std::filesystem::remove_all(folder, ignored);
  return line;
}

}  // namespace earshot::bench
