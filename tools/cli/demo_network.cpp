// fork, exec, poll, kill.
#include "tools/cli/demo_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "overlay/config.h"
#include "tools/cli/interrupt.h"
#include "tools/node/remembered_network.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollPeriod{25};
constexpr std::uint16_t kDegree = overlay::Config{}.active_size;
constexpr std::chrono::seconds kStopOfOne{4};

// What a node of the demo is told: loopback only, small caches, nothing that waits for a disk.
std::vector<std::string> arguments(const DemoNode& node, const std::string& bootstrap) {
  std::vector<std::string> texts = {
      "earshot",     "node", "--datadir", node.folder.string(), "--listen",   "127.0.0.1:0", "--stream-port", "0",
      "--http-port", "0",    "--share",   node.shared.string(), "--cache-mb", "2",           "--index-sync",  "false",
      "--log-level", "info", "--publish-after", "1"};
  if (!bootstrap.empty()) texts.insert(texts.end(), {"--bootstrap", bootstrap});
  return texts;
}

// Our environment without earshot's own settings: the demo is the same whatever a person has set.
std::vector<std::string> environment() {
  std::vector<std::string> texts;
  for (char** entry = environ; *entry; ++entry) {
    if (std::strncmp(*entry, "EARSHOT_", 8) != 0) texts.emplace_back(*entry);
  }
  return texts;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string end_of_log(const fs::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 400));
}

}  // namespace

Result<DemoNetwork> DemoNetwork::create(std::size_t nodes, bool keep, std::string program) {
  const auto folder = node::make_temporary_folder("demo");
  if (!folder) return tl::unexpected(folder.error());
  DemoNetwork network(*folder, keep, std::move(program));
  std::error_code error;
  for (std::size_t i = 0; i < nodes && !error; ++i) {
    DemoNode node;
    node.folder = *folder / fmt::format("n{:02}", i);
    node.shared = node.folder / "shared";
    fs::create_directories(node.shared, error);
    // As if it had been here before: a network that has just begun takes a quarter of an hour to measure itself.
    fs::create_directories(node.folder / "state", error);
    if (auto known = node::remember_network(node.folder / "state" / "network", {static_cast<std::uint32_t>(nodes), kDegree, 0, 0});
        !known)
      return tl::unexpected(known.error());
    network.nodes_.push_back(std::move(node));
  }
  if (error) return fail(ErrorCode::kDisk, "make folders below '{}': {}", folder->string(), error.message());
  return network;
}

DemoNetwork::DemoNetwork(DemoNetwork&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), keep_(other.keep_), program_(std::move(other.program_)),
      nodes_(std::exchange(other.nodes_, {})) {}

DemoNetwork::~DemoNetwork() {
  if (folder_.empty()) return;
  stop_all();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Result<void> DemoNetwork::start(std::size_t number, const std::string& bootstrap, const std::vector<std::string>& more) {
  DemoNode& node = nodes_[number];
  // All that allocates is done before the fork: between fork and exec a child may only make system calls.
  std::vector<std::string> argument_texts = arguments(node, bootstrap);
  argument_texts.insert(argument_texts.end(), more.begin(), more.end());
  std::vector<std::string> environment_texts = environment();
  const std::vector<char*> argv = pointers_to(argument_texts);
  const std::vector<char*> envp = pointers_to(environment_texts);
  const std::string log = (node.folder / "log").string();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "start a process: {}", std::strerror(errno));
  if (child == 0) {
    if (keep_) ::setsid();
    if (!keep_) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!keep_ && ::getppid() != parent) ::_exit(127);
    const int nothing = ::open("/dev/null", O_RDONLY);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(program_.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  node.pid = child;
  return {};
}

bool DemoNetwork::has_ended(DemoNode& node) {
  if (node.running() && ::waitpid(node.pid, nullptr, WNOHANG) == node.pid) node.pid = -1;
  return !node.running();
}

Result<void> DemoNetwork::ask(std::size_t number, std::string_view method, std::string_view target,
                              const std::string& body, const Reader& reader) {
  const auto client = connect_to_socket(nodes_[number].folder / "run" / "earshot.sock");
  if (!client) return tl::unexpected(client.error());
  const auto status = (*client)->call(method, target, body, reader);
  if (!status) return tl::unexpected(status.error());
  return {};
}

Result<void> DemoNetwork::refresh(std::size_t number) {
  const Reader reader{[&](std::string_view line) {
                        nodes_[number].status = status_from(line);
                        return true;
                      },
                      nullptr};
  return ask(number, "GET", "/api/v1/status", "", reader);
}

Result<void> DemoNetwork::wait_until(std::size_t number, const std::function<bool(const StatusLine&)>& ready,
                                     std::chrono::milliseconds patience) {
  DemoNode& node = nodes_[number];
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
    if (has_ended(node))
      return fail(ErrorCode::kUnreachable, "node {} ended: {}", number, end_of_log(node.folder / "log"));
    if (refresh(number) && ready(node.status)) return {};
    std::this_thread::sleep_for(kPollPeriod);
  }
  return fail(ErrorCode::kTimedOut, "node {} is not ready: {}", number, end_of_log(node.folder / "log"));
}

void DemoNetwork::kill(std::size_t number) {
  DemoNode& node = nodes_[number];
  if (!node.running()) return;
  ::kill(node.pid, SIGKILL);
  ::waitpid(node.pid, nullptr, 0);
  node.pid = -1;
}

void DemoNetwork::stop_all() {
  for (const DemoNode& node : nodes_) {
    if (node.running()) ::kill(node.pid, SIGTERM);
  }
  const auto deadline = Clock::now() + kStopOfOne;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    while (!has_ended(nodes_[i]) && Clock::now() < deadline) std::this_thread::sleep_for(kPollPeriod);
    kill(i);
  }
}

}  // namespace earshot::cli
