// What a stranger's bare TCP connection can take from us.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "tests/net/party.h"

namespace earshot::overlay::net {
namespace {

class TcpConnection {
 public:
  explicit TcpConnection(const Endpoint& where) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(where.port);
    std::memcpy(&address.sin_addr, where.address.data() + 12, 4);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~TcpConnection() { ::close(fd_); }
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  bool connected() const { return connected_; }

  /// False once the other side has closed.
  bool write(ByteView bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
  }

  bool is_closed_by_peer() {
    char byte = 0;
    for (;;) {
      const ssize_t size = ::recv(fd_, &byte, 1, MSG_DONTWAIT);
      if (size == 1) continue;
      return size == 0 || errno != EAGAIN;
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// ZMTP 3.1 greeting (RFC 37): signature, version, mechanism, as-server, filler.
Bytes greeting(std::string_view mechanism) {
  Bytes bytes(64, 0);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  std::memcpy(bytes.data() + 12, mechanism.data(), mechanism.size());
  return bytes;
}

/// A long command frame of 8 GiB, announced and begun.
Bytes endless_command() {
  Bytes bytes = {0x06, 0, 0, 0, 2, 0, 0, 0, 0, 5, 'H', 'E', 'L', 'L', 'O'};
  bytes.resize(4096, 'x');
  return bytes;
}

TEST(Stranger, WhoClaimsEightGibibytesGetsNoMemory) {
  Party server;
  turn_until({&server}, [] { return true; });
  const std::size_t before = resident_bytes();
  TcpConnection stranger(server.contact().endpoint);
  ASSERT_TRUE(stranger.connected());
  ASSERT_TRUE(stranger.write(greeting("CURVE")));
  const Instant end = steady_now() + 3s;
  const Bytes junk(64 * 1024, 'x');
  bool closed = false;
  stranger.write(endless_command());
  while (!closed && steady_now() < end) {
    server.turn();
    server.transport->wait(1ms);
    closed = !stranger.write(junk) || stranger.is_closed_by_peer();
    ASSERT_LE(resident_bytes(), before + (16u << 20));
  }
  EXPECT_TRUE(closed) << "the connection is ended, not fed";
}

TEST(Stranger, WhoSaysNothingIsGoneAfterTheHandshakeTime) {
  Party server, honest;
  std::vector<std::unique_ptr<TcpConnection>> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<TcpConnection>(server.contact().endpoint));
  honest.say(honest.knows(server), "may I?");
  EXPECT_TRUE(turn_until(
      {&server, &honest}, [&] { return server.heard().size() == 1; }, 3s))
      << "others are unaffected";
  EXPECT_TRUE(turn_until(
      {&server},
      [&] {
        return std::all_of(silent.begin(), silent.end(), [](const auto& one) { return one->is_closed_by_peer(); });
      },
      8s));
}

TEST(Stranger, WhoSpeaksAnotherProtocolIsEnded) {
  Party server;
  TcpConnection browser(server.contact().endpoint);
  ASSERT_TRUE(browser.write(as_bytes(
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nmore than sixty-four bytes of it, so that the greeting is over")));
  EXPECT_TRUE(turn_until(
      {&server}, [&] { return browser.is_closed_by_peer(); }, 8s));
}

}  // namespace
}  // namespace earshot::overlay::net
