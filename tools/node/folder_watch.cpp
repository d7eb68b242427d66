// inotify's events, gathered share by share.
#include "tools/node/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
                                  IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;
constexpr unsigned kDepth = 16;                // as deep as a scan goes
constexpr std::size_t kMaxWatches = 100'000;  // a kilobyte of the kernel's memory each

}  // namespace

Result<std::unique_ptr<FolderWatch>> FolderWatch::start(OnChange on_change, const Times& times) {
  OpenFile inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  OpenFile wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (inotify.number() < 0 || wake.number() < 0)
    return fail(ErrorCode::kExhausted, "watch shared folders: {}", std::strerror(errno));
  return std::unique_ptr<FolderWatch>(
      new FolderWatch(std::move(inotify), std::move(wake), std::move(on_change), times));
}

FolderWatch::FolderWatch(OpenFile inotify, OpenFile wake, OnChange on_change, const Times& times)
    : inotify_(std::move(inotify)),
      wake_(std::move(wake)),
      on_change_(std::move(on_change)),
      times_(times),
      next_round_(Clock::now() + times.period),
      thread_([this] { run(); }) {}

FolderWatch::~FolderWatch() { stop(); }

void FolderWatch::stop() {
  stop_ = true;
  static_cast<void>(!::eventfd_write(wake_.number(), 1));
  if (thread_.joinable()) thread_.join();
}

void FolderWatch::follow(const fs::path& share) {
  std::error_code error;
  const bool is_folder = fs::is_directory(fs::symlink_status(share, error));
  const std::lock_guard lock(mutex_);
  shares_.insert(share);
  // A single file is watched through its folder; whatever else happens there costs a look at one file.
  watch_tree(share, is_folder ? share : share.parent_path(), is_folder ? kDepth : 1);
}

// REQUIRES: mutex_ is held.
void FolderWatch::watch_tree(const fs::path& share, const fs::path& folder, unsigned depth) {
  const bool has_room = watched_.size() < kMaxWatches;
  const int watch = has_room ? ::inotify_add_watch(inotify_.number(), folder.c_str(), kEvents) : -1;
  if (watch < 0) {
    if (!has_room || errno == ENOSPC || errno == ENOMEM) is_complete_ = false;
    return;
  }
  watched_[watch] = {share, folder};
  if (depth <= 1) return;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const bool is_hidden = at->path().filename().string().starts_with('.');
    std::error_code ignored;
    if (!is_hidden && fs::is_directory(at->symlink_status(ignored))) watch_tree(share, at->path(), depth - 1);
  }
}

void FolderWatch::run() {
  while (!stop_) {
    int patience = 0;
    {
      const std::lock_guard lock(mutex_);
      patience = wait_ms(Clock::now());
    }
    std::array<pollfd, 2> events = {pollfd{inotify_.number(), POLLIN, 0}, pollfd{wake_.number(), POLLIN, 0}};
    ::poll(events.data(), events.size(), patience);
    if (stop_) return;
    if ((events[0].revents & POLLIN) != 0) read_events();
    for (const fs::path& share : due(Clock::now())) on_change_(share);
  }
}

void FolderWatch::read_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t size = ::read(inotify_.number(), buffer.data(), buffer.size());
    if (size <= 0) return;
    const std::lock_guard lock(mutex_);
    for (ssize_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      take_event(event.wd, event.mask, event.len > 0 ? std::string(name, ::strnlen(name, event.len)) : std::string());
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

// REQUIRES: mutex_ is held.
void FolderWatch::take_event(int watch, std::uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    for (const fs::path& share : shares_) disturb(share);
    return;
  }
  const auto at = watched_.find(watch);
  if (at == watched_.end()) return;
  const Watched where = at->second;
  if ((mask & IN_IGNORED) != 0) {
    watched_.erase(at);
    return;
  }
  if (name.starts_with('.')) return;
  const bool is_new_folder = (mask & IN_ISDIR) != 0 && (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  if (is_new_folder) watch_tree(where.share, where.folder / name, kDepth);
  disturb(where.share);
}

// REQUIRES: mutex_ is held.
void FolderWatch::disturb(const fs::path& share) {
  const auto now = Clock::now();
  const auto [at, fresh] = unrest_.try_emplace(share, Unrest{now, now});
  at->second.last = now;
}

std::set<fs::path> FolderWatch::due(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::set<fs::path> shares;
  for (auto at = unrest_.begin(); at != unrest_.end();) {
    const bool is_due = now - at->second.last >= times_.quiet || now - at->second.first >= times_.patience;
    if (is_due) shares.insert(at->first);
    at = is_due ? unrest_.erase(at) : std::next(at);
  }
  if (now >= next_round_) {
    next_round_ = now + times_.period;
    if (!is_complete_) shares.insert(shares_.begin(), shares_.end());
  }
  return shares;
}

// REQUIRES: mutex_ is held.
int FolderWatch::wait_ms(Clock::time_point now) {
  auto next = next_round_;
  for (const auto& [share, unrest] : unrest_)
    next = std::min({next, unrest.last + times_.quiet, unrest.first + times_.patience});
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000));
}

}  // namespace earshot::node
