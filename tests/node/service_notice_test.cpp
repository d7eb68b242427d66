// Notices, read back from the socket as systemd would.
#include "tools/node/service_notice.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>

#include "tests/node/environment.h"
#include "tests/temporary_folder.h"

namespace earshot::node {
namespace {

// The end that systemd holds. A name that starts with '@' is of the abstract name space.
class Listener {
 public:
  explicit Listener(const std::string& name) : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = 0;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The next notice, or "nothing" after ten seconds.
  std::string next() {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return "nothing";
    std::array<char, 256> bytes{};
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))};
  }

 private:
  int descriptor_;
};

TEST(ServiceNotice, ArrivesAtASocketInAFolderAndInTheAbstractNameSpace) {
  const TemporaryFolder folder;
  const std::string abstract = "@earshot-test-" + std::to_string(::getpid());
  for (const std::string& name : {(folder / "notify").string(), abstract}) {
    Listener systemd(name);
    const ServiceNotice notice(environment_of({{"NOTIFY_SOCKET", name}}));
    EXPECT_TRUE(notice.say("READY=1"));
    EXPECT_EQ(systemd.next(), "READY=1");
  }
}

TEST(ServiceNotice, SaysNothingWhereNobodyListens) {
  EXPECT_FALSE(ServiceNotice(environment_of({})).say("READY=1"));
  EXPECT_FALSE(ServiceNotice(environment_of({{"NOTIFY_SOCKET", "/nonexistent/notify"}})).say("READY=1"));
  EXPECT_FALSE(ServiceNotice(environment_of({{"NOTIFY_SOCKET", std::string(200, 'x')}})).say("READY=1"));
}

TEST(ServiceNotice, TheWatchdogIsForThisProcessOnly) {
  const std::string other = std::to_string(::getpid() + 1);
  EXPECT_FALSE(ServiceNotice(environment_of({})).watchdog_period());
  EXPECT_FALSE(ServiceNotice(environment_of({{"WATCHDOG_USEC", "x"}})).watchdog_period());
  EXPECT_FALSE(ServiceNotice(environment_of({{"WATCHDOG_USEC", "100"}, {"WATCHDOG_PID", other}})).watchdog_period());
  EXPECT_EQ(ServiceNotice(environment_of({{"WATCHDOG_USEC", "30000000"}})).watchdog_period(), Duration(15s));
}

TEST(Watchdog, SpeaksAfterEachTimeThatTheNodeAnswered) {
  const TemporaryFolder folder;
  Listener systemd((folder / "notify").string());
  const ServiceNotice notice(
      environment_of({{"NOTIFY_SOCKET", (folder / "notify").string()}, {"WATCHDOG_USEC", "20000"}}));
  std::atomic<int> asked = 0;
  {
    const Watchdog watchdog(notice, [&] { ++asked; });
    EXPECT_EQ(systemd.next(), "WATCHDOG=1");
    EXPECT_EQ(systemd.next(), "WATCHDOG=1");
  }
  EXPECT_GE(asked, 2);
}

}  // namespace
}  // namespace earshot::node
