// get and play: bytes for a person.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/talk.h"
#include "tools/node/identify.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

void show_sources(const DoneLine& done, Console& console) {
  for (const SourceLine& source : done.sources) {
    if (source.bytes > 0) console.note(fmt::format("  {} from {}", byte_count(source.bytes), source.endpoint));
  }
}

// Several fetches at once, shown as one bar.
class Fetching {
 public:
  explicit Fetching(std::size_t count, Console& console) : console_(console), progress_(count) {}

  void progressed(std::size_t which, std::string_view line) {
    const std::lock_guard lock(mutex_);
    progress_[which] = progress_from(line);
    ProgressLine sum;
    for (const ProgressLine& one : progress_) {
      sum.bytes += one.bytes;
      sum.size += one.size;
      sum.sources.insert(sum.sources.end(), one.sources.begin(), one.sources.end());
    }
    // What an earlier run left here took no time now.
    if (!first_) first_ = {Clock::now(), sum.bytes};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - first_->at).count();
    const std::uint64_t came = sum.bytes - std::min(sum.bytes, first_->bytes);
    console_.progress(line, progress_bar(sum, ms > 0 ? came * 1000 / static_cast<std::uint64_t>(ms) : 0));
  }

  void say(const std::function<void(Console&)>& what) {
    const std::lock_guard lock(mutex_);
    what(console_);
  }

 private:
  struct Start {
    Clock::time_point at;
    std::uint64_t bytes;
  };
  std::mutex mutex_;
  Console& console_;                    // guarded by mutex_
  std::vector<ProgressLine> progress_;  // guarded by mutex_
  std::optional<Start> first_;          // guarded by mutex_
};

// Torrents come from peers that are no nodes.
bool is_torrent(const FetchWish& wish) {
  return wish.content.starts_with("torrent:") || wish.content.starts_with("magnet:") || wish.content.starts_with('/');
}

ExitCode fetch_one(Client& client, const FetchWish& wish, std::size_t which, Fetching& fetching) {
  const Ending ending = call(client, "POST", "/api/v1/fetches", fetch_body(wish), [&](const std::string& type, std::string_view line) {
    if (type == "progress") fetching.progressed(which, line);
    fetching.say([&](Console& console) {
      if (console.json()) console.data(line);
    });
  });
  ExitCode code = ExitCode::kDone;
  fetching.say([&](Console& console) {
    if (ending.error) {
      code = console.failed(*ending.error);
      return;
    }
    const DoneLine done = done_from(*ending.last);
    code = done.verified ? ExitCode::kDone : ExitCode::kNotVerified;
    if (console.json()) return console.data(*ending.last);
    console.data(printable(done.file));
    console.note(fmt::format("{} in {}, verified against {}", byte_count(done.bytes), short_time(done.ms), done.content));
    show_sources(done, console);
    console.note("play it: " + how_to_play(printable(done.file)));
  });
  return code;
}

// Says whether a file that is here is the content that was named. Nothing is fetched.
ExitCode verify(const FetchWish& wish, const fs::path& file, Console& console) {
  const auto content = content_id_from(wish.content);
  if (!content) return console.failed(content.error());
  if (file.empty()) return console.failed({ErrorCode::kInvalid, "--verify checks a file: name it with --out"});
  const auto found = node::identify(file, content->scheme);
  if (!found) return console.failed(found.error());
  if (*found != *content) {
    return console.failed({ErrorCode::kCorrupt, fmt::format("'{}' is {}, not {}", file.string(), to_string(*found), wish.content)},
                          ExitCode::kNotVerified);
  }
  console.data(console.json() ? verified_line(wish.content, file.string()) : fmt::format("verified: {}", wish.content));
  return ExitCode::kDone;
}

// --- Players ---

struct Player {
  std::string_view program;
  std::vector<std::string> flags;  // before the address
};

const std::array<Player, 3>& players() {
  static const std::array<Player, 3> table = {{
      {"mpv", {"--no-video", "--really-quiet"}},
      {"ffplay", {"-nodisp", "-autoexit", "-loglevel", "error"}},
      {"vlc", {"--intf", "dummy", "--play-and-exit", "--quiet"}},
  }};
  return table;
}

// The player that was named, or the first that is installed. Nothing: the bytes go to stdout.
Result<std::optional<Player>> choose_player(const std::string& named) {
  if (named == "-") return std::optional<Player>();
  for (const Player& player : players()) {
    if ((named.empty() || named == player.program) && is_installed(player.program)) return std::optional<Player>(player);
  }
  if (!named.empty()) return fail(ErrorCode::kNotFound, "the player '{}' is not installed (mpv, ffplay, vlc, or - for stdout)", named);
  return std::optional<Player>();
}

// Runs a player on an address, or on a pipe that it reads as its standard input.
Result<pid_t> start_player(const Player& player, const std::string& address, int input) {
  std::vector<std::string> words = {std::string(player.program)};
  words.insert(words.end(), player.flags.begin(), player.flags.end());
  words.push_back(address);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "start {}: {}", player.program, std::strerror(errno));
  if (child > 0) return child;
  if (input >= 0) ::dup2(input, STDIN_FILENO);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

ExitCode wait_for_player(pid_t player, Console& console) {
  int status = 0;
  while (::waitpid(player, &status, 0) < 0 && errno == EINTR) {}
  if (interrupted()) return ExitCode::kInterrupted;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ExitCode::kDone;
  return console.failed({ErrorCode::kStopped, fmt::format("the player ended with {}", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status))});
}

// The content's bytes, in order, to a descriptor. A reader that closes it has heard enough.
ExitCode pour(Client& client, const std::string& content, int descriptor, Console& console) {
  bool closed = false;
  std::optional<Error> refused;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    refused = error_from(line);
    return true;
  };
  reader.on_bytes = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR && !interrupted()) continue;
      closed = written < 0;
      if (closed) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  };
  const auto status = client.call("GET", "/content/" + content, "", reader);
  if (closed) return interrupted() ? ExitCode::kInterrupted : ExitCode::kDone;
  if (refused) return console.failed(*refused);
  if (!status) return console.failed(status.error());
  return ExitCode::kDone;
}

ExitCode pour_into_player(Client& client, const std::string& content, const Player& player, Console& console) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return console.failed({ErrorCode::kExhausted, "no pipe left"});
  const auto started = start_player(player, "-", ends[0]);
  ::close(ends[0]);
  const ExitCode poured = started ? pour(client, content, ends[1], console) : console.failed(started.error());
  ::close(ends[1]);
  if (!started) return poured;
  const ExitCode played = wait_for_player(*started, console);
  return poured == ExitCode::kDone ? played : poured;
}

}  // namespace

ExitCode get(const Invocation& invocation, const node::Config& config, Console& console) {
  if (!invocation.swarm.empty()) return get_from_swarm(invocation, console);
  std::vector<FetchWish> wishes;
  for (const std::string& what : invocation.contents) {
    auto wish = wish_from(what, config.folders.state);
    if (!wish) return console.failed(wish.error());
    if (!invocation.out.empty()) wish->out = fs::absolute(invocation.out).string();
    wishes.push_back(std::move(*wish));
  }
  if (wishes.size() > 1 && !invocation.out.empty() && !fs::is_directory(invocation.out)) {
    return console.failed({ErrorCode::kInvalid, fmt::format("--out '{}' must be a folder for several contents", invocation.out.string())});
  }
  if (invocation.verify && wishes.size() == 1) return verify(wishes.front(), invocation.out, console);
  if (invocation.verify) return console.failed({ErrorCode::kInvalid, "--verify checks one file against one content"});
  const auto client = any_node(config, console, std::all_of(wishes.begin(), wishes.end(), is_torrent));
  if (!client) return console.failed(client.error());
  Fetching fetching(wishes.size(), console);
  std::vector<ExitCode> codes(wishes.size(), ExitCode::kDone);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < wishes.size(); ++i)
    threads.emplace_back([&, i] { codes[i] = fetch_one(**client, wishes[i], i, fetching); });
  for (std::thread& thread : threads) thread.join();
  return *std::max_element(codes.begin(), codes.end());
}

ExitCode play(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto player = choose_player(invocation.player);
  if (!player) return console.failed(player.error());
  if (!*player && ::isatty(STDOUT_FILENO)) {
    return console.failed({ErrorCode::kNotFound, "no player is installed (mpv, ffplay or vlc): pipe the sound somewhere, earshot play 1 | ..."});
  }
  const auto wish = wish_from(invocation.contents.front(), config.folders.state);
  if (!wish) return console.failed(wish.error());
  const auto client = any_node(config, console, is_torrent(*wish));
  if (!client) return console.failed(client.error());
  const Ending ending = call(**client, "POST", "/api/v1/plays", fetch_body(*wish), [](const std::string&, std::string_view) {});
  if (ending.error) return console.failed(*ending.error);
  const std::string content = play_from(*ending.last).content;  // a link has become an id
  if (!*player) return pour(**client, content, STDOUT_FILENO, console);
  if (console.json()) console.data(*ending.last);
  const std::string url = play_from(*ending.last).url;
  console.note(fmt::format("playing {}{}{} with {}", printable(wish->artist), wish->artist.empty() ? "" : " - ",
                           wish->title.empty() ? content : printable(wish->title), (*player)->program));
  if (url.empty()) return pour_into_player(**client, content, **player, console);
  const auto started = start_player(**player, url, -1);
  return started ? wait_for_player(*started, console) : console.failed(started.error());
}

}  // namespace earshot::cli
