// Caps on accepted connections, in a process of their own: accept4 and the descriptor limit belong to all of it.
#include "tools/node/accept_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/node/fake_index.h"
#include "tools/node/node.h"

namespace earshot::node {
namespace {

class Connections {
 public:
  ~Connections() { close_all(); }

  /// Fewer when this process has no descriptor left.
  void open(const Endpoint& where, int count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(where.port);
    std::memcpy(&address.sin_addr, where.address.data() + 12, 4);
    for (int i = 0; i < count; ++i) {
      fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (fds_.back() < 0) {
        fds_.pop_back();
        return;
      }
      EXPECT_EQ(::connect(fds_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
  }

  void close_all() {
    for (const int fd : fds_) ::close(fd);
    fds_.clear();
  }

  /// How many the other side has closed within a second.
  int refused() {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    int closed = 0;
    char byte = 0;
    for (const int fd : fds_) {
      ssize_t size = 0;
      while ((size = ::recv(fd, &byte, 1, MSG_DONTWAIT)) == 1) {
      }
      closed += size == 0 || errno != EAGAIN;
    }
    return closed;
  }

 private:
  std::vector<int> fds_;
};

/// Of the whole process so far.
double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct RunningNode {
  RunningNode() {
    NodeOptions options;
    options.listen = *endpoint_from("127.0.0.1:0");
    node = std::move(*Node::start(identity, options, index));
  }
  overlay::net::Identity identity = overlay::net::Identity::ephemeral();
  FakeIndex index;
  std::unique_ptr<Node> node;
};

TEST(AcceptGuard, ClosesWhatIsOverTheCapAndTakesNewOnesWhenOldOnesWent) {
  RunningNode server;
  limit_accepted_connections({.total = 40, .per_address = 10});
  Connections strangers;
  strangers.open(server.node->self().endpoint, 100);
  EXPECT_EQ(strangers.refused(), 60) << "loopback has no cap of its own";
  EXPECT_EQ(accepted_connections().open, 40u);
  EXPECT_EQ(accepted_connections().refused, 60u);
  strangers.close_all();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  strangers.open(server.node->self().endpoint, 20);
  EXPECT_LT(strangers.refused(), 16) << "closed ones are looked for at every sixteenth refusal";
  strangers.open(server.node->self().endpoint, 10);
  EXPECT_LT(strangers.refused(), 16) << "and no more are refused";
}

/// Without the reserve libzmq would ask for the same connection again and again, with a whole core.
TEST(AcceptGuard, OutOfDescriptorsTheProcessStaysQuiet) {
  RunningNode server;
  // Its reactor has logged its first line then. UBSan checks the logger's type through a pipe, which needs descriptors.
  ASSERT_EQ(server.node->status().links, 0u);
  limit_accepted_connections({.total = 10000, .per_address = 10000});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  // 30 of our own ends stay under the limit, some ten of theirs: the kernel has accepted the others, the process cannot.
  const rlimit small{static_cast<rlim_t>(lowest_free + 40), before.rlim_max};
  Connections strangers;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
  strangers.open(server.node->self().endpoint, 30);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double start = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double spent = cpu_seconds() - start;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LT(spent, 0.2);
  EXPECT_GT(accepted_connections().refused, 0u);
}

}  // namespace
}  // namespace earshot::node
