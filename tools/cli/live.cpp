// live start and live listen: a station of one's own. The stream's address is its key and where a first peer is.
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "stream/ppspp/engine/live_station.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/replies.h"
#include "tools/node/own_address.h"

namespace earshot::cli {

namespace {

using stream::ppspp::Dialect;
using stream::ppspp::LiveAlgorithm;
using stream::ppspp::LiveKey;
using stream::ppspp::LiveSigner;
using stream::ppspp::LiveStation;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kScheme = "live:";

// After the last bytes: listeners that are a hop or two away still fetch them.
constexpr std::chrono::seconds kLinger{5};

struct LiveAddress {
  LiveKey key;
  Endpoint peer;
};

// "live:0f00...@192.0.2.1:4060".
Result<LiveAddress> address_from(std::string_view text) {
  const std::size_t at = text.find('@');
  if (!text.starts_with(kScheme) || at == std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "'{}' is not of the form live:KEY@ADDRESS:PORT", text);
  }
  const std::string_view hex = text.substr(kScheme.size(), at - kScheme.size());
  Bytes id;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto digit = [&](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    id.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  if (hex.size() % 2 != 0 || to_hex(id) != hex) return fail(ErrorCode::kInvalid, "the key of '{}' is not hexadecimal", text);
  auto key = LiveKey::from_swarm_id(id);
  if (!key) return tl::unexpected(key.error());
  const auto peer = endpoint_from(text.substr(at + 1));
  if (!peer) return tl::unexpected(peer.error());
  return LiveAddress{std::move(*key), *peer};
}

// Reads what is there, a second at most: Ctrl-C is noticed in between. 0: the end. Nothing: not yet.
std::optional<std::size_t> read_input(std::span<std::uint8_t> into) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  if (::poll(&waiting, 1, 200) <= 0) return std::nullopt;
  const ssize_t got = ::read(STDIN_FILENO, into.data(), into.size());
  if (got < 0 && errno == EINTR) return std::nullopt;
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

// A file is read as fast as it plays; a pipe sets its own pace.
bool is_file(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

ExitCode start(const LiveFlags& flags, Console& console) {
  const auto listen = endpoint_from(flags.listen);
  if (!listen) return console.failed(listen.error());
  const Dialect dialect = flags.draft10 ? Dialect::kDraft10 : Dialect::kRfc7574;
  const bool p256 = flags.p256 || flags.draft10;
  const LiveSigner signer = LiveSigner::generate(p256 ? LiveAlgorithm::kEcdsaP256 : LiveAlgorithm::kEd25519);
  const auto station = LiveStation::broadcast(signer, *listen, flags.slots, dialect);
  if (!station) return console.failed(station.error());
  Contact contact;
  contact.endpoint = (*station)->local();
  const std::string id = fmt::format("{}{}@{}", kScheme, to_hex(signer.key().swarm_id()), to_string(node::for_people(contact).endpoint));
  console.data(console.json() ? live_line(id, flags.name) : id);
  console.note(fmt::format("'{}' is on the air; others listen with: earshot live listen {} | mpv -", flags.name, id));
  const bool paced = is_file(STDIN_FILENO);
  const auto began = Clock::now();
  std::uint64_t sent = 0;
  Bytes block(4096);
  while (!interrupted()) {
    const auto got = read_input(block);
    if (!got) continue;
    if (*got == 0) break;
    (*station)->append(ByteView(block).first(*got));
    sent += *got;
    console.passing(fmt::format("{} sent to {} peers", byte_count(sent), (*station)->peers()));
    if (paced) std::this_thread::sleep_until(began + std::chrono::microseconds(sent * 8'000 / flags.kbps));
  }
  (*station)->end();
  for (const auto until = Clock::now() + kLinger; !interrupted() && Clock::now() < until;) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return ExitCode::kDone;
}

ExitCode listen(const LiveFlags& flags, Console& console) {
  const auto address = address_from(flags.id);
  if (!address) return console.failed(address.error());
  if (::isatty(STDOUT_FILENO)) return console.failed({ErrorCode::kInvalid, "the sound goes to stdout: earshot live listen ID | mpv -"});
  const auto local = endpoint_from(flags.listen);
  if (!local) return console.failed(local.error());
  const std::array<Endpoint, 1> peers = {address->peer};
  const auto station = LiveStation::tune_in(address->key, *local, peers);
  if (!station) return console.failed(station.error());
  Bytes block(64 * 1024);
  auto last = Clock::now();
  while (!interrupted()) {
    const auto got = (*station)->read(block, 200ms);
    if (!got) {
      if (Clock::now() - last > std::chrono::seconds(flags.patience)) {
        return console.failed({ErrorCode::kTimedOut, fmt::format("nothing came for {} s: the stream has ended, or nobody is there", flags.patience)});
      }
      continue;
    }
    last = Clock::now();
    for (ByteView rest = ByteView(block).first(*got); !rest.empty();) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR && !interrupted()) continue;
      if (written < 0) return ExitCode::kDone;  // the player has gone
      rest = rest.subspan(static_cast<std::size_t>(written));
    }
  }
  return ExitCode::kInterrupted;
}

}  // namespace

ExitCode live(const LiveFlags& flags, Console& console) {
  return flags.action == "start" ? start(flags, console) : listen(flags, console);
}

}  // namespace earshot::cli
