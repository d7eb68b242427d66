// get --swarm: a content of another RFC 7574 program, whose hash function and chunk names may not be ours. No node takes part.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>

#include "stream/ppspp/engine.h"
#include "stream/ppspp/merkle_hash.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;
using namespace stream::ppspp;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{20};  // without a byte

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};
constexpr std::array<Named<MerkleHash>, 3> kHashes = {{{"sha1", MerkleHash::kSha1}, {"sha224", MerkleHash::kSha224}, {"sha256", MerkleHash::kSha256}}};
constexpr std::array<Named<Addressing>, 4> kChunkNames = {{{"chunk32", Addressing::kChunk32}, {"chunk64", Addressing::kChunk64},
                                                           {"bin32", Addressing::kBin32}, {"bin64", Addressing::kBin64}}};

template <class Table, class Value>
bool look_up(const Table& table, std::string_view name, Value& into) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const auto& known) { return known.name == name; });
  if (row != table.end()) into = row->value;
  return row != table.end();
}

struct ForeignSwarm {
  SwarmConfig config;
  Endpoint peer;
};

// "sha1,chunk32@192.0.2.1:7000".
Result<ForeignSwarm> swarm_from(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::string_view kind = std::string_view(text).substr(0, at);
  const std::size_t comma = kind.find(',');
  ForeignSwarm swarm;
  const bool known = at != std::string::npos && look_up(kHashes, kind.substr(0, comma), swarm.config.hash) &&
                     (comma == std::string_view::npos || look_up(kChunkNames, kind.substr(comma + 1), swarm.config.addressing));
  if (!known) return fail(ErrorCode::kInvalid, "'{}' is not of the form HASH[,CHUNKS]@ADDRESS:PORT, for example sha1@192.0.2.1:7000", text);
  const auto peer = endpoint_from(std::string_view(text).substr(at + 1));
  if (!peer) return tl::unexpected(peer.error());
  swarm.peer = *peer;
  return swarm;
}

// A hash that is shorter than ours has zeros behind it.
Result<Digest32> root_from(const std::string& hex, MerkleHash hash) {
  if (hex.size() != 2 * hash_size(hash)) return fail(ErrorCode::kInvalid, "a root of {} has {} hexadecimal digits", to_string(hash), 2 * hash_size(hash));
  return digest_from_hex(hex + std::string(2 * Digest32{}.size() - hex.size(), '0'));
}

Endpoint any_port_towards(const Endpoint& peer) { return peer.is_v4() ? endpoint_from("0.0.0.0:0").value() : endpoint_from("[::]:0").value(); }

Result<std::uint64_t> copy(stream::Stream& content, std::ofstream& out, Console& console) {
  Bytes block(64 * 1024);
  std::uint64_t offset = 0;
  auto last = Clock::now();
  while (true) {
    if (interrupted()) return fail(ErrorCode::kStopped, "stopped");
    const auto got = content.read(offset, block, 200ms);
    if (got && *got == 0) return offset;
    if (!got) {
      const bool waits = got.error().code == ErrorCode::kTimedOut || got.error().code == ErrorCode::kUnreachable;
      if (!waits || Clock::now() - last > kPatience) return tl::unexpected(got.error());
      continue;
    }
    last = Clock::now();
    out.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(*got));
    if (!out) return fail(ErrorCode::kDisk, "the file cannot be written");
    offset += *got;
    console.passing(byte_count(offset));
  }
}

Result<std::uint64_t> fetch_with(const EngineOptions& options, const Digest32& root, const Endpoint& peer, const fs::path& file, Console& console) {
  const auto engine = open_engine(options);
  if (!engine) return tl::unexpected(engine.error());
  const auto content = (*engine)->open({Scheme::kPpspp, root}, std::array{peer});
  if (!content) return tl::unexpected(content.error());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  return copy(**content, out, console);
}

Result<std::uint64_t> fetch_into(const fs::path& file, const std::string& hex, const ForeignSwarm& swarm, Console& console) {
  const auto root = root_from(hex, swarm.config.hash);
  if (!root) return tl::unexpected(root.error());
  const auto folder = node::make_temporary_folder("swarm");
  if (!folder) return tl::unexpected(folder.error());
  EngineOptions options{*folder, any_port_towards(swarm.peer)};
  options.swarm = swarm.config;
  auto bytes = fetch_with(options, *root, swarm.peer, file, console);
  std::error_code ignored;
  fs::remove_all(*folder, ignored);
  return bytes;
}

}  // namespace

ExitCode get_from_swarm(const Invocation& invocation, Console& console) {
  const auto swarm = swarm_from(invocation.swarm);
  if (!swarm) return console.failed(swarm.error());
  if (invocation.contents.size() != 1) return console.failed({ErrorCode::kInvalid, "--swarm fetches one content at a time"});
  const std::string& root = invocation.contents.front();
  std::error_code ignored;
  const bool needs_name = invocation.out.empty() || fs::is_directory(invocation.out, ignored);
  const fs::path file = needs_name ? invocation.out / root.substr(0, 16) : invocation.out;
  const fs::path part = file.string() + ".part";
  const auto bytes = fetch_into(part, root, *swarm, console);
  if (!bytes) {
    fs::remove(part, ignored);
    return console.failed(bytes.error());
  }
  std::error_code error;
  fs::rename(part, file, error);
  if (error) return console.failed({ErrorCode::kDisk, fmt::format("'{}': {}", file.string(), error.message())});
  console.data(console.json() ? verified_line("ppspp:" + root, file.string()) : file.string());
  console.note(fmt::format("{} in a swarm of {}, verified against {}", byte_count(*bytes), to_string(swarm->config.hash), root));
  return ExitCode::kDone;
}

}  // namespace earshot::cli
