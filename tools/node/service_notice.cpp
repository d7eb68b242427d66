// One datagram a notice.
#include "tools/node/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace earshot::node {

namespace {

// A thread that waits to be stopped looks up this often.
constexpr std::chrono::milliseconds kTick{100};

std::optional<std::int64_t> number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

ServiceNotice::ServiceNotice(const Environment& environment) {
  socket_ = environment("NOTIFY_SOCKET").value_or("");
  const auto watchdog_us = number(environment("WATCHDOG_USEC"));
  const auto watchdog_pid = number(environment("WATCHDOG_PID"));
  if (watchdog_us && watchdog_pid.value_or(::getpid()) == ::getpid()) watchdog_period_ = Duration(*watchdog_us / 2);
}

bool ServiceNotice::say(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = 0;  // the abstract name space
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const ssize_t sent =
      ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
  return sent == static_cast<ssize_t>(state.size());
}

Watchdog::Watchdog(const ServiceNotice& notice, std::function<void()> is_alive) {
  if (!notice.watchdog_period()) return;
  thread_ = std::thread([this, &notice, is_alive = std::move(is_alive)] {
    auto next = std::chrono::steady_clock::now();
    while (!stopping_) {
      if (std::chrono::steady_clock::now() >= next) {
        is_alive();
        notice.say("WATCHDOG=1");
        next = std::chrono::steady_clock::now() + *notice.watchdog_period();
      }
      std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kTick, *notice.watchdog_period()));
    }
  });
}

Watchdog::~Watchdog() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace earshot::node
