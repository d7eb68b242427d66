// accept4() with caps.
#include "tools/node/accept_guard.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "schema/defence.h"
#include "schema/endpoint.h"

namespace earshot::node {

namespace {

/// An accepted connection. It is closed without our knowing; the inode tells whether the descriptor still is it.
struct Accepted {
  int descriptor;
  ino_t inode;
  Endpoint remote;
};

std::optional<ino_t> socket_inode(int descriptor) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0 || !S_ISSOCK(found.st_mode)) return std::nullopt;
  return found.st_ino;
}

/// The address; the port is 0. Nothing for a socket that is not of the internet.
std::optional<Endpoint> remote_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  Endpoint endpoint;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    endpoint.address[10] = endpoint.address[11] = 0xff;
    std::memcpy(endpoint.address.data() + 12, &v4.sin_addr, 4);
    return endpoint;
  }
  if (storage.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof v6);
  std::memcpy(endpoint.address.data(), &v6.sin6_addr, 16);
  return endpoint;
}

void close_at_once(int descriptor) {
  const linger none{1, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  ::close(descriptor);
}

/// One for the process, because accept4 is.
class Guard {
 public:
  void limit(const AcceptLimits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    if (reserve_ < 0) reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }

  AcceptCounts counts() {
    const std::lock_guard lock(mutex_);
    return {accepted_.size(), refused_};
  }

  /// Whether the connection may stay.
  bool admit(int descriptor) {
    const std::lock_guard lock(mutex_);
    if (!limits_) return true;
    const auto remote = remote_address(descriptor);
    const auto inode = socket_inode(descriptor);
    if (!remote || !inode) return true;
    // The kernel gives out the lowest free number, so a connection that went is mostly noticed here.
    if (std::erase_if(accepted_, [descriptor](const Accepted& one) { return one.descriptor == descriptor; }) > 0)
      fruitless_ = 0;
    if (is_over(*remote)) forget_closed();
    if (is_over(*remote)) {
      ++refused_;
      return false;
    }
    accepted_.push_back({descriptor, *inode, *remote});
    return true;
  }

  /// Out of descriptors: takes the connection off the queue so that its listener is not ready for ever.
  void turn_away(int listener) {
    const std::lock_guard lock(mutex_);
    if (reserve_ >= 0) {
      ::close(reserve_);
      const auto unwanted = static_cast<int>(::syscall(SYS_accept4, listener, nullptr, nullptr, SOCK_CLOEXEC));
      if (unwanted >= 0) close_at_once(unwanted);
      ++refused_;
    }
    reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    // Another thread was faster. All links wait a little, which is better than a core at work for nothing.
    if (reserve_ < 0) ::usleep(5000);
  }

 private:
  bool is_over(const Endpoint& remote) const {
    if (!stands(Defence::kAcceptCap)) return false;
    if (accepted_.size() >= limits_->total) return true;
    if (remote.is_loopback()) return false;
    const auto same = std::count_if(accepted_.begin(), accepted_.end(),
                                    [&remote](const Accepted& one) { return one.remote == remote; });
    return static_cast<std::size_t>(same) >= limits_->per_address;
  }

  /// 1,024 calls of fstat take 0.3 ms. Under a flood that closes nothing, every sixteenth refusal pays for it.
  void forget_closed() {
    if (fruitless_ > 0) {
      --fruitless_;
      return;
    }
    const std::size_t before = accepted_.size();
    std::erase_if(accepted_, [](const Accepted& one) { return socket_inode(one.descriptor) != one.inode; });
    fruitless_ = accepted_.size() == before ? 15 : 0;
  }

  std::mutex mutex_;
  std::optional<AcceptLimits> limits_;
  std::vector<Accepted> accepted_;
  std::uint64_t refused_ = 0;
  int reserve_ = -1;
  int fruitless_ = 0;
};

Guard& guard() {
  static Guard the_guard;
  return the_guard;
}

}  // namespace

void limit_accepted_connections(const AcceptLimits& limits) {
  guard().limit(limits);
}

AcceptCounts accepted_connections() {
  return guard().counts();
}

}  // namespace earshot::node

extern "C" int accept4(int listener, sockaddr* address, socklen_t* size, int flags) {
  const auto descriptor = static_cast<int>(::syscall(SYS_accept4, listener, address, size, flags));
  if (descriptor < 0) {
    if (errno != EMFILE && errno != ENFILE) return -1;
    earshot::node::guard().turn_away(listener);
    errno = ECONNABORTED;
    return -1;
  }
  if (earshot::node::guard().admit(descriptor)) return descriptor;
  earshot::node::close_at_once(descriptor);
  errno = ECONNABORTED;
  return -1;
}
