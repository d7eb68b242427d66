// A live crowd, a stranger who forges addresses, a seeder who lies.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <numeric>
#include <thread>

#include "schema/random.h"
#include "stream/ppspp/engine.h"
#include "stream/ppspp/engine/live_station.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/sha256.h"
#include "stream/ppspp/swarm.h"
#include "tools/bench/stream_bench_process.h"
#include "tools/bench/stream_bench_rows.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;
using namespace stream::ppspp;

/// What one listener noticed. Each 1,024 bytes of the stream begin with the time at which they were appended.
struct Heard {
  std::vector<double> delays_ms;
  double longest_gap_ms = 0;
};

std::int64_t ms_now() { return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count(); }

void listen(LiveStation& station, const std::atomic<bool>& stop, Heard& heard) {
  Bytes block(1024);
  std::size_t filled = 0;
  std::int64_t last = 0;
  while (!stop) {
    const auto got = station.read(std::span(block).subspan(filled), 100ms);
    if (!got) continue;
    filled += *got;
    if (filled < block.size()) continue;
    filled = 0;
    std::int64_t appended = 0;
    std::memcpy(&appended, block.data(), sizeof appended);
    const std::int64_t now = ms_now();
    heard.delays_ms.push_back(static_cast<double>(now - appended));
    if (last != 0) heard.longest_gap_ms = std::max(heard.longest_gap_ms, static_cast<double>(now - last));
    last = now;
  }
}

}  // namespace

/// A source of 128 kbit/s that serves three of twenty listeners; the others find each other through it.
Result<std::string> row_live(const StreamBenchOptions&) {
  constexpr std::size_t kListeners = 20, kSlots = 3;
  constexpr int kChunks = 16 * 20;  // 20 s of 16 KiB a second
  const LiveSigner signer = LiveSigner::generate(LiveAlgorithm::kEd25519);
  auto source = LiveStation::broadcast(signer, loopback(0), kSlots);
  if (!source) return tl::unexpected(std::move(source.error()));
  const std::array<Endpoint, 1> peers = {(*source)->local()};
  std::vector<std::unique_ptr<LiveStation>> stations;
  std::vector<Heard> heard(kListeners);
  std::vector<std::thread> threads;
  std::atomic<bool> stop{false};
  for (std::size_t i = 0; i < kListeners; ++i) {
    auto station = LiveStation::tune_in(signer.key(), loopback(0), peers);
    if (!station) return tl::unexpected(std::move(station.error()));
    stations.push_back(std::move(*station));
    threads.emplace_back([&stop, &station = *stations.back(), &ears = heard[i]] { listen(station, stop, ears); });
  }
  const auto begin = Clock::now();
  Bytes chunk(1024);
  for (int i = 0; i < kChunks; ++i) {
    const std::int64_t now = ms_now();
    std::memcpy(chunk.data(), &now, sizeof now);
    (*source)->append(chunk);
    std::this_thread::sleep_until(begin + std::chrono::microseconds(62'500) * (i + 1));
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  std::vector<double> delays;
  double gap = 0;
  std::size_t silent = 0;
  for (const Heard& one : heard) {
    delays.insert(delays.end(), one.delays_ms.begin(), one.delays_ms.end());
    gap = std::max(gap, one.longest_gap_ms);
    silent += one.delays_ms.size() < static_cast<std::size_t>(kChunks) / 2;
  }
  std::sort(delays.begin(), delays.end());
  if (delays.empty()) return fail(ErrorCode::kUnreachable, "nobody heard anything");
  const double streams = static_cast<double>((*source)->counters().chunks_sent) / kChunks;
  return fmt::format("\"listeners\":{},\"source_slots\":{},\"bit_rate\":131072,\"streams_sent_by_source\":{:.2f},\"delay_ms_p50\":{:.0f},"
                     "\"delay_ms_p95\":{:.0f},\"longest_gap_ms\":{:.0f},\"listeners_without_half\":{}",
                     kListeners, kSlots, streams, delays[delays.size() / 2], delays[delays.size() * 95 / 100], gap, silent);
}

/// A stranger sends handshakes of every length, each as if from an address of its own, and asks for what he has not proven.
Result<std::string> row_amplification(const StreamBenchOptions& options) {
  const auto file = options.folder / "content";
  if (auto written = write_content(file, 1'000'000); !written) return tl::unexpected(std::move(written.error()));
  auto engine = open_engine({options.folder / "engine", loopback(0)});
  if (!engine) return tl::unexpected(std::move(engine.error()));
  const auto shared = (*engine)->share(file, {});
  if (!shared) return tl::unexpected(shared.error());
  Options asked;
  asked.version = asked.minimum_version = kVersion;
  asked.swarm_id = shared->digest;
  asked.integrity = static_cast<std::uint8_t>(Integrity::kMerkle);
  asked.merkle_hash = static_cast<std::uint8_t>(MerkleHash::kSha256);
  asked.addressing = static_cast<std::uint8_t>(Addressing::kChunk32);
  asked.chunk_size = 1024;
  std::uint64_t in = 0, out = 0;
  double worst = 0;
  constexpr std::uint32_t kStrangers = 200;
  for (std::uint32_t i = 0; i < kStrangers; ++i) {
    auto stranger = stream::net::UdpSocket::bind(loopback(0));
    if (!stranger) return tl::unexpected(std::move(stranger.error()));
    std::uint64_t sent = 0, got = 0;
    for (std::uint32_t repeat = 0; repeat <= i % 4; ++repeat) {
      Bytes arena;
      DatagramWriter writer(arena, kNoChannel, {}, 1400);
      writer.add(Handshake{ChannelId{i + 1}, asked});
      for (std::uint32_t extra = 0; extra < i % 60; ++extra) writer.add(Request{{0, 1000}});
      const std::array<stream::net::Outgoing, 1> one = {{{loopback((*engine)->port()), 0, arena.size()}}};
      (*stranger)->send(one, arena);
      sent += arena.size();
    }
    const auto until = Clock::now() + std::chrono::milliseconds(20);
    while (Clock::now() < until) {
      for (const auto& datagram : (*stranger)->receive()) got += datagram.bytes.size();
      usleep(1000);
    }
    in += sent;
    out += got;
    worst = std::max(worst, static_cast<double>(got) / static_cast<double>(sent));
  }
  if (out == 0) return fail(ErrorCode::kUnreachable, "the engine answered nobody");
  return fmt::format("\"strangers\":{},\"bytes_in\":{},\"bytes_out\":{},\"factor\":{:.2f},\"worst_factor\":{:.2f}", kStrangers, in, out,
                     static_cast<double>(out) / static_cast<double>(in), worst);
}

namespace {

/// Alters true proofs in every way that a stranger may: a bit of the chunk's hash or of an uncle, an uncle of another place.
std::uint64_t accepted_mutants(std::uint64_t mutants) {
  constexpr std::uint64_t kChunks = 117;
  std::vector<std::vector<Digest32>> levels(1);
  for (std::uint64_t i = 0; i < kChunks; ++i) levels[0].push_back(sha256(as_bytes(fmt::format("chunk {}", i))));
  levels[0].resize(128);
  while (levels.back().size() > 1) {
    std::vector<Digest32> above;
    for (std::size_t i = 0; i < levels.back().size(); i += 2) above.push_back(parent_hash(levels.back()[i], levels.back()[i + 1]));
    levels.push_back(std::move(above));
  }
  std::vector<Node> tops;
  for (const Bin bin : peaks(kChunks)) tops.push_back({bin, levels[bin.height()][bin.position()]});
  Random random = Random::stream(1, 0, 0);
  std::uint64_t accepted = 0;
  for (std::uint64_t i = 0; i < mutants; ++i) {
    const std::uint64_t chunk = random.below(kChunks);
    std::vector<Node> proof = {{Bin::leaf(chunk), levels[0][chunk]}};
    const auto is_top = [&](Bin bin) { return std::any_of(tops.begin(), tops.end(), [&](const Node& top) { return top.bin == bin; }); };
    for (Bin bin = Bin::leaf(chunk); !is_top(bin); bin = bin.parent()) proof.push_back({bin.sibling(), levels[bin.height()][bin.sibling().position()]});
    Node& victim = proof[random.below(proof.size())];
    victim.hash[random.below(32)] ^= static_cast<std::uint8_t>(1u << random.below(8));
    Hints hints;
    for (std::size_t uncle = 1; uncle < proof.size(); ++uncle) hints.add(proof[uncle]);
    accepted += climb_to_peak(tops, chunk, proof[0].hash, hints) == Verdict::kVerified;
  }
  return accepted;
}

}  // namespace

/// Two sources; one altered its file after it was hashed. What it gave must not be played, and it must be banned.
Result<std::string> row_liar(const StreamBenchOptions& options) {
  constexpr std::uint64_t kSize = 4'000'000;
  const auto file = options.folder / "content", altered = options.folder / "altered";
  for (const auto& one : {file, altered}) {
    if (auto written = write_content(one, kSize); !written) return tl::unexpected(std::move(written.error()));
  }
  auto honest = start_seeder(options.folder / "honest", file, 2'000'000);
  auto liar = start_seeder(options.folder / "liar", altered);
  if (!honest || !liar) return fail(ErrorCode::kExhausted, "cannot fork");
  Offer truth, lie;
  if (!honest->line().hear(truth) || !liar->line().hear(lie)) return fail(ErrorCode::kUnreachable, "a source did not start");
  {
    const auto modified = std::filesystem::last_write_time(altered);
    std::fstream bytes(altered, std::ios::binary | std::ios::in | std::ios::out);
    for (std::uint64_t at = 17; at < kSize; at += 1024) bytes.seekp(static_cast<std::streamoff>(at)).put('!');
    bytes.close();
    std::filesystem::last_write_time(altered, modified);
  }
  auto engine = open_engine({options.folder / "leecher", loopback(0)});
  if (!engine) return tl::unexpected(std::move(engine.error()));
  const std::array<Endpoint, 2> providers = {loopback(lie.port), loopback(truth.port)};
  auto content = (*engine)->open({Scheme::kPpspp, truth.root}, providers);
  if (!content) return tl::unexpected(std::move(content.error()));
  const auto begin = Clock::now();
  while (!(*content)->status().complete) {
    if (Clock::now() - begin > std::chrono::seconds(60)) return fail(ErrorCode::kTimedOut, "the honest source did not give everything");
    usleep(2000);
  }
  std::ifstream original(file, std::ios::binary);
  Bytes expected(kSize), got(kSize);
  original.read(reinterpret_cast<char*>(expected.data()), kSize);
  for (std::uint64_t at = 0; at < kSize;) {
    const auto read = (*content)->read(at, std::span(got).subspan(at), 5s);
    if (!read || *read == 0) return fail(ErrorCode::kCorrupt, "cannot read what is verified");
    at += *read;
  }
  const auto sources = (*content)->status().sources;
  const auto banned = std::find_if(sources.begin(), sources.end(), [&](const auto& source) { return source.endpoint.port == lie.port; });
  const std::uint64_t accepted = accepted_mutants(options.mutants);
  return fmt::format("\"liar_banned\":{},\"verified_bytes_of_liar\":{},\"wrong_bytes\":{},\"mutated_proofs\":{},\"accepted\":{}",
                     banned != sources.end() && banned->banned, banned == sources.end() ? 0 : banned->bytes,
                     std::inner_product(got.begin(), got.end(), expected.begin(), 0, std::plus<>(), std::not_equal_to<>()), options.mutants, accepted);
}

}  // namespace earshot::bench
