// `earshot up` and `earshot down`: a node without a terminal. No pid file: who holds the lock of the data folder is the
// node, and its socket is where to ask it to end.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tools/cli/client.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/own_lines.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// An index of ten million tracks opens in some seconds; a node that has not by then hangs.
constexpr std::chrono::seconds kStartTime{60};

// Good-byes, a fetch under way, RocksDB's last flush.
constexpr std::chrono::seconds kStopTime{30};

constexpr std::chrono::milliseconds kTick{50};

std::optional<StatusLine> status_of(const node::Config& config) {
  const auto client = connect_to_socket(config.folders.runtime / "earshot.sock");
  if (!client) return std::nullopt;
  std::optional<StatusLine> status;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    if (type_of(line) == "status") status = status_from(line);
    return true;
  };
  if (!(*client)->call("GET", "/api/v1/status", "", reader)) return std::nullopt;
  return status;
}

// The words that start the same node in the foreground: all that decided the configuration, given as flags.
std::vector<std::string> node_words(const Invocation& invocation, const node::Config& config) {
  std::vector<std::string> words = {"earshot", "node", "--json", "--log-file", background_log(config).string()};
  if (invocation.config.datadir)
    words.insert(words.end(), {"--datadir", fs::absolute(*invocation.config.datadir).string()});
  if (invocation.config.config_file)
    words.insert(words.end(), {"--config", fs::absolute(*invocation.config.config_file).string()});
  for (const node::Setting& setting : node::settings()) {
    const auto given = invocation.config.values.find(setting.key);
    if (given == invocation.config.values.end() || setting.key == "log.file") continue;
    for (const std::string& text : given->second) words.insert(words.end(), {std::string(setting.flag), text});
  }
  return words;
}

// In the child: a session of its own, nothing of the terminal, what it says on stderr into the log.
[[noreturn]] void become_node(std::vector<std::string> words, int ready, int log) {
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(ready, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  ::_exit(127);
}

// The first line that the node says: that it is ready, or why it is not.
Result<std::string> first_line(int descriptor) {
  std::string text;
  const auto deadline = Clock::now() + kStartTime;
  while (text.find('\n') == std::string::npos) {
    if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
    if (Clock::now() > deadline)
      return fail(ErrorCode::kTimedOut, "the node was not ready within {} s", kStartTime.count());
    pollfd waiting{descriptor, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(kTick.count())) <= 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || text.size() > bytes.size() * 4) return fail(ErrorCode::kStopped, "the node ended without a word");
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return text.substr(0, text.find('\n'));
}

Result<std::string> start_node(const Invocation& invocation, const node::Config& config, pid_t& pid) {
  if (auto made = node::make_private_folder(config.folders.state); !made) return tl::unexpected(made.error());
  const fs::path log_file = background_log(config);
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(ErrorCode::kDisk, "open the log '{}': {}", log_file.string(), std::strerror(errno));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::kExhausted, "open a pipe: {}", std::strerror(errno));
  std::vector<std::string> words = node_words(invocation, config);
  pid = ::fork();
  if (pid == 0) become_node(std::move(words), ends[1], log);
  ::close(ends[1]);
  ::close(log);
  auto line = pid < 0 ? fail(ErrorCode::kExhausted, "start a process: {}", std::strerror(errno)) : first_line(ends[0]);
  ::close(ends[0]);
  // Whoever does not wait for its start any more does not want it either.
  if (!line && pid > 0) {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
  return line;
}

// An address that opens the page once; empty when the node gives none.
std::string page_link(const node::Config& config) {
  std::string url;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    url = url_from(line);
    return true;
  };
  const auto client = connect_to_node(config);
  if (!client || (*client)->call("POST", "/api/v1/links", "{}", reader).value_or(0) != 200) return "";
  return url;
}

// Only for a person at a screen: not from a script, a log or a machine without one.
bool has_screen() {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value && *value;
  };
  return ::isatty(STDOUT_FILENO) == 1 && (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) && is_installed("xdg-open");
}

void open_in_browser(const std::string& url) {
  if (::fork() != 0) return;
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, stream);
  ::execlp("xdg-open", "xdg-open", url.c_str(), nullptr);
  ::_exit(127);
}

void say_all(const StatusLine& status, std::int64_t pid, bool was_running, const Invocation& invocation,
             const node::Config& config, Console& console) {
  const std::string page = page_link(config);
  if (console.json()) return console.data(up_line(status.self, pid, was_running, page));
  console.note(was_running ? "a node runs here already" : "a node runs in the background");
  console.data("contact   " + status.self);
  if (!page.empty()) console.data(fmt::format("page      {} (opens once)", page));
  console.data(fmt::format("log       {}", background_log(config).string()));
  console.note("try       earshot search \"words\", earshot share ~/Music, earshot status; it ends with: earshot down");
  if (!page.empty() && !invocation.no_page && has_screen()) open_in_browser(page);
}

}  // namespace

fs::path background_log(const node::Config& config) {
  return config.log_file.empty() ? config.folders.state / "node.log" : fs::absolute(config.log_file);
}

ExitCode up(const Invocation& invocation, const node::Config& config, Console& console) {
  if (const auto running = status_of(config)) {
    say_all(*running, /*pid=*/0, /*was_running=*/true, invocation, config, console);
    return ExitCode::kDone;
  }
  console.passing("starting...");
  pid_t pid = -1;
  const auto line = start_node(invocation, config, pid);
  if (!line) return console.failed(line.error());
  if (type_of(*line) != "ready") return console.failed(error_from(*line));
  const auto status = status_of(config);
  if (!status)
    return console.failed({ErrorCode::kUnreachable,
                           "the node is ready, but does not answer: see its log " + background_log(config).string()},
                          ExitCode::kNoNode);
  say_all(*status, pid, /*was_running=*/false, invocation, config, console);
  return ExitCode::kDone;
}

ExitCode down(const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client && client.error().code != ErrorCode::kUnreachable) return console.failed(client.error());
  if (!client) {
    if (console.json()) console.data(down_line(/*was_running=*/false));
    console.note("no node runs here");
    return ExitCode::kDone;
  }
  Reader reader;
  reader.on_line = [](std::string_view) { return true; };
  if (const auto asked = (*client)->call("POST", "/api/v1/shutdown", "{}", reader); !asked)
    return console.failed(asked.error());
  console.passing("stopping...");
  const auto deadline = Clock::now() + kStopTime;
  // A node elsewhere is gone when it takes no connection; ours when it has let go of its data folder.
  while (config.url.empty() ? !node::FolderLock::take(config.folders.data) : connect_to_node(config).has_value()) {
    if (interrupted()) return ExitCode::kInterrupted;
    if (Clock::now() > deadline)
      return console.failed(
          {ErrorCode::kTimedOut, fmt::format("the node was asked to end, but has not within {} s", kStopTime.count())});
    std::this_thread::sleep_for(kTick);
  }
  if (console.json()) console.data(down_line(/*was_running=*/true));
  console.note("the node has ended");
  return ExitCode::kDone;
}

}  // namespace earshot::cli
