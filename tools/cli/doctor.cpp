// Looking at the machine for the doctor. Changes nothing but what a start would change, too (it opens the index where
// no node runs), and shows every finding as it stands in doctor_findings.
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "index/index.h"
#include "tools/cli/client.h"
#include "tools/cli/commands.h"
#include "tools/cli/doctor_findings.h"
#include "tools/cli/own_lines.h"
#include "tools/cli/render.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

// A contact that takes no connection in this time is no use to a start either.
constexpr std::chrono::milliseconds kDialTime{2000};

// A line of a remembered contact has some 90 bytes; the file of 65,536 of them is read whole.
constexpr std::size_t kMaxContactsFile = 8u << 20;

PathFacts look_at(std::string what, const fs::path& path) {
  PathFacts facts;
  facts.what = std::move(what);
  facts.path = printable(path.string());
  struct stat found {};
  facts.exists = ::stat(path.c_str(), &found) == 0;
  if (!facts.exists) return facts;
  facts.is_folder = S_ISDIR(found.st_mode);
  facts.is_ours = found.st_uid == ::geteuid();
  facts.is_writable = ::access(path.c_str(), W_OK) == 0;
  facts.mode = found.st_mode & 0777;
  return facts;
}

void look_at_paths(const node::Config& config, Facts& facts) {
  const node::Folders& folders = config.folders;
  for (const auto& [what, path] : {std::pair<const char*, fs::path>{"data folder", folders.data},
                                   {"state folder", folders.state},
                                   {"runtime folder", folders.runtime},
                                   {"key", folders.data / "key"},
                                   {"token", folders.runtime / "token"}})
    facts.paths.push_back(look_at(what, path));
  for (const fs::path& share : config.share) {
    PathFacts found = look_at("share", share);
    found.is_writable = ::access(share.c_str(), R_OK) == 0;
    facts.shares.push_back(std::move(found));
  }
  facts.socket_path_bytes = (folders.runtime / "earshot.sock").string().size();
}

// Of the nearest folder above that is there already.
void look_at_disk(fs::path folder, Facts& facts) {
  struct statvfs found {};
  while (::statvfs(folder.c_str(), &found) != 0) {
    if (!folder.has_relative_path()) return;
    folder = folder.parent_path();
  }
  facts.free_bytes = std::uint64_t{found.f_bavail} * found.f_frsize;
  facts.total_bytes = std::uint64_t{found.f_blocks} * found.f_frsize;
}

void look_at_system(const node::Config& config, Facts& facts) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  facts.descriptors = limit.rlim_cur;
  facts.descriptors_hard = limit.rlim_max;
  // Both directions, a hundred for files, sockets and shares that are open at once.
  facts.wanted_descriptors = 2 * config.links + 100;
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  facts.clock_year = parts.tm_year + 1900;
  timex clock{};
  facts.clock_is_synchronised = ::adjtimex(&clock) != TIME_ERROR;
  for (const char* player : {"mpv", "ffplay", "vlc"}) {
    if (is_installed(player)) facts.players.emplace_back(player);
  }
}

bool lock_is_held(const fs::path& folder) {
  const int descriptor = ::open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

void ask_node(const node::Config& config, Facts& facts) {
  std::error_code ignored;
  facts.node.lock_is_held = lock_is_held(config.folders.data);
  facts.node.socket_exists = fs::exists(config.folders.runtime / "earshot.sock", ignored);
  const auto client = connect_to_node(config);
  if (!client) return;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    if (type_of(line) == "status") facts.node.status = status_from(line);
    if (type_of(line) == "peer" && peer_from(line).inbound) ++facts.node.inbound;
    return true;
  };
  facts.node.answers = (*client)->call("GET", "/api/v1/status", "", reader).has_value();
  if (facts.node.answers) facts.node.answers = (*client)->call("GET", "/api/v1/peers", "", reader).has_value();
  if (facts.node.status) facts.index_tracks = facts.node.status->tracks;
}

sockaddr_in6 address_of(const Endpoint& endpoint) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(endpoint.port);
  std::memcpy(&address.sin6_addr, endpoint.address.data(), endpoint.address.size());
  return address;
}

int open_socket(int type) {
  const int descriptor = ::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int no = 0;
  if (descriptor >= 0) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  return descriptor;
}

void try_port(const char* key, const char* protocol, int type, Endpoint endpoint, Facts& facts) {
  if (endpoint.port == 0) return;  // any free one
  PortFacts port{fmt::format("{} ({} {})", key, protocol, endpoint.port), key, endpoint.port, true, ""};
  // While the node runs its ports are its own.
  if (!facts.node.answers && !facts.node.lock_is_held) {
    const int descriptor = open_socket(type);
    if (descriptor < 0) return;
    const int yes = 1;
    if (type == SOCK_STREAM) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // An IPv4 "any" becomes ::ffff:0.0.0.0, which the system takes for IPv4 on a socket of both families.
    const sockaddr_in6 address = address_of(endpoint);
    port.is_free = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (!port.is_free) port.why_not = std::strerror(errno);
    ::close(descriptor);
  }
  facts.ports.push_back(std::move(port));
}

// All at once, so that dead ones cost the time of one.
void dial_contacts(const std::vector<Contact>& contacts, Facts& facts) {
  std::vector<pollfd> waiting;
  for (const Contact& contact : contacts) {
    facts.contacts.push_back({to_string(contact.endpoint), false});
    const int descriptor = open_socket(SOCK_STREAM);
    const sockaddr_in6 address = address_of(contact.endpoint);
    if (descriptor >= 0) ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    waiting.push_back({descriptor, POLLOUT, 0});
  }
  const auto deadline = std::chrono::steady_clock::now() + kDialTime;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    ::poll(&waiting[i], 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    int error = 0;
    socklen_t size = sizeof error;
    const bool decided = (waiting[i].revents & POLLOUT) != 0;
    facts.contacts[i].answers =
        decided && ::getsockopt(waiting[i].fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    if (waiting[i].fd >= 0) ::close(waiting[i].fd);
  }
}

std::size_t remembered_contacts(const fs::path& file) {
  const auto text = node::read_small_file(file, kMaxContactsFile);
  return text ? static_cast<std::size_t>(std::count(text->begin(), text->end(), '@')) : 0;
}

// Under the lock that a node would take, so that none starts meanwhile.
void open_index(const node::Config& config, Facts& facts) {
  std::error_code ignored;
  const fs::path folder = config.folders.data / "index";
  if (facts.node.lock_is_held || !fs::exists(folder, ignored) || look_at("", folder).is_ours == false) return;
  const auto lock = node::FolderLock::take(config.folders.data);
  if (!lock) return;
  const auto index = index::Index::open(folder, {});
  if (!index) {
    facts.index_error = index.error().what;
    return;
  }
  facts.index_was_opened = true;
  facts.index_tracks = (*index)->stats().tracks;
}

std::string shown(const Finding& finding, Colour colour) {
  constexpr std::array<std::string_view, 4> kWords = {"ok", "note", "warning", "BAD"};
  constexpr std::array<std::string_view, 4> kColours = {"\033[32m", "\033[36m", "\033[33m", "\033[1;31m"};
  const auto level = static_cast<std::size_t>(finding.level);
  const std::string word = fmt::format("{:<8}", kWords[level]);
  std::string text = colour == Colour::kOn ? fmt::format("{}{}\033[0m", kColours[level], word) : word;
  text += fmt::format(" {:<12} {}", finding.check, finding.what);
  if (!finding.remedy.empty()) text += fmt::format("\n{:<22}mend it: {}", "", finding.remedy);
  return text;
}

}  // namespace

ExitCode doctor(const Invocation& invocation, Console& console) {
  const auto environment = node::process_environment();
  Facts facts;
  facts.runs_as_root = ::geteuid() == 0;
  const auto config = node::load_config(invocation.config, environment);
  if (!config) {
    facts.config_error = config.error().what;
  } else {
    std::error_code ignored;
    const fs::path file = node::config_file_of(config->folders, invocation.config, environment);
    facts.config_file = printable(file.string());
    facts.config_exists = fs::exists(file, ignored);
    facts.has_runtime_dir =
        invocation.config.datadir || environment("EARSHOT_DATADIR") || environment("XDG_RUNTIME_DIR");
    console.passing("looking at this machine...");
    look_at_paths(*config, facts);
    look_at_disk(config->folders.data, facts);
    look_at_system(*config, facts);
    ask_node(*config, facts);
    try_port("node.listen", "TCP", SOCK_STREAM, config->listen, facts);
    try_port("stream.port", "UDP", SOCK_DGRAM, {config->listen.address, config->stream_port}, facts);
    if (const auto loopback = endpoint_from(fmt::format("127.0.0.1:{}", config->http_port)))
      try_port("http.port", "TCP", SOCK_STREAM, *loopback, facts);
    open_index(*config, facts);
    dial_contacts(config->bootstrap, facts);
    facts.remembered_contacts = remembered_contacts(config->folders.state / "contacts");
  }
  const std::vector<Finding> findings = judge(facts);
  for (const Finding& finding : findings)
    console.data(console.json() ? finding_line(finding) : shown(finding, console.colour()));
  return exit_code_of(findings);
}

}  // namespace earshot::cli
