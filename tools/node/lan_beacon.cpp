// One socket that hears on every interface and says it on each.
#include "tools/node/lan_beacon.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "overlay/net/address_book.h"

namespace earshot::node {

namespace {

constexpr std::string_view kWord = "EARSHOT1 ";
constexpr const char* kGroup = "239.192.69.65";
constexpr std::size_t kMostKeys = 256;

/// When the first ones are said, after the start.
constexpr std::array<std::chrono::milliseconds, 3> kFirst = {std::chrono::milliseconds(0), std::chrono::milliseconds(1000),
                                                             std::chrono::milliseconds(3000)};

Endpoint endpoint_of(const sockaddr_in& from) {
  Endpoint endpoint;
  endpoint.address[10] = endpoint.address[11] = 0xff;
  std::memcpy(endpoint.address.data() + 12, &from.sin_addr, 4);
  endpoint.port = ntohs(from.sin_port);
  return endpoint;
}

std::vector<std::uint32_t> multicast_interfaces(bool loopback) {
  if (loopback) return {htonl(INADDR_LOOPBACK)};
  std::vector<std::uint32_t> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  constexpr unsigned kWanted = IFF_UP | IFF_MULTICAST;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    const bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                        (one->ifa_flags & kWanted) == kWanted && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof(address));
    found.push_back(address.sin_addr.s_addr);
  }
  ::freeifaddrs(list);
  return found;
}

tl::unexpected<Error> unusable(std::string_view doing) {
  return fail(ErrorCode::kUnsupported, "{}: {}", doing, std::strerror(errno));
}

}  // namespace

std::optional<Contact> heard_beacon(std::string_view datagram, const Endpoint& from) {
  if (!datagram.starts_with(kWord)) return std::nullopt;
  const auto contact = contact_from(datagram.substr(kWord.size()));
  if (!contact || contact->endpoint.port == 0 || contact->key == NodeKey{}) return std::nullopt;
  const Endpoint endpoint{from.address, contact->endpoint.port};
  const auto reach = overlay::net::reach_of(endpoint);
  if (reach != overlay::net::Reach::kPrivate && reach != overlay::net::Reach::kMachine) return std::nullopt;
  return Contact{contact->key, endpoint, 0};
}

LanBeacon::LanBeacon(const Options& options, std::function<void(const Contact&)> on_heard)
    : options_(options), on_heard_(std::move(on_heard)) {}

Result<std::unique_ptr<LanBeacon>> LanBeacon::start(const Options& options, std::function<void(const Contact&)> on_heard) {
  std::unique_ptr<LanBeacon> beacon(new LanBeacon(options, std::move(on_heard)));
  if (auto opened = beacon->open(); !opened) return tl::unexpected(opened.error());
  beacon->thread_ = std::thread([self = beacon.get()] { self->run(); });
  return beacon;
}

LanBeacon::~LanBeacon() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    thread_.join();
  }
  if (socket_ >= 0) ::close(socket_);
  if (wake_ >= 0) ::close(wake_);
}

Result<void> LanBeacon::open() {
  interfaces_ = multicast_interfaces(options_.loopback);
  if (interfaces_.empty()) return fail(ErrorCode::kUnsupported, "no network interface has multicast");
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (socket_ < 0 || wake_ < 0) return unusable("open a datagram socket");
  const int yes = 1;  // several nodes of one machine hear the same port
  ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  ::inet_pton(AF_INET, kGroup, &address.sin_addr);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return unusable("listen for beacons");
  bool joined = false;
  for (const std::uint32_t interface : interfaces_) {
    ip_mreq membership{address.sin_addr, {interface}};
    joined |= ::setsockopt(socket_, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) == 0;
  }
  return joined ? Result<void>() : unusable("hear multicast");
}

void LanBeacon::run() {
  const auto began = Clock::now();
  for (;;) {
    const auto now = Clock::now();
    if (now >= say_at_) {
      say();
      said_at_ = now;
      ++said_;
      const auto first = static_cast<std::size_t>(said_);
      say_at_ = first < kFirst.size() ? began + kFirst[first] : now + kPeriod;
    }
    std::array<pollfd, 2> waiting = {pollfd{socket_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(say_at_ - Clock::now()).count() + 1;
    ::poll(waiting.data(), waiting.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents != 0) hear();
  }
}

void LanBeacon::say() {
  sockaddr_in group{};
  group.sin_family = AF_INET;
  group.sin_port = htons(options_.port);
  ::inet_pton(AF_INET, kGroup, &group.sin_addr);
  const std::string text = std::string(kWord) + to_string(options_.self);
  const unsigned char ttl = 1;
  ::setsockopt(socket_, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
  for (const std::uint32_t interface : interfaces_) {
    const in_addr from{interface};
    ::setsockopt(socket_, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from);
    ::sendto(socket_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&group), sizeof group);
  }
}

void LanBeacon::hear() {
  std::array<char, 256> buffer;
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got = ::recvfrom(socket_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got <= 0) return;
  const auto contact = heard_beacon({buffer.data(), static_cast<std::size_t>(got)}, endpoint_of(from));
  if (!contact || contact->key == options_.self.key) return;
  const auto now = Clock::now();
  std::erase_if(heard_, [&](const auto& entry) { return now - entry.second >= kForget; });
  if (now - minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    heard_in_minute_ = 0;
  }
  if (heard_.contains(contact->key) || heard_.size() >= kMostKeys || heard_in_minute_ >= kPerMinute) return;
  heard_[contact->key] = now;
  ++heard_in_minute_;
  say_at_ = std::min(say_at_, std::max(now, said_at_ + kAtLeast));
  on_heard_(*contact);
}

}  // namespace earshot::node
