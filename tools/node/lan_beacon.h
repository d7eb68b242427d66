// Nodes of one local network find each other by themselves: each says now and then, by UDP multicast, who it is.
//
//  1. A datagram is one line, "EARSHOT1 earshot://KEY@ADDRESS:PORT", to 239.192.69.65, port 4369, which routers do not pass on
//     (RFC 2365, TTL 1). The address in it counts for nothing: where it came from does.
//  2. A node says it three times in its first seconds, then every kPeriod, and soon after a new one is heard, so that who comes
//     need not wait; never twice within kAtLeast.
//  3. Only senders of private networks and of this machine are heard. A key counts once in kForget, and kPerMinute of them in a
//     minute; what exceeds that is dropped.
//     An attacker gains: on the same network, eight dials a minute to ports of himself; what the dial proves is his key.
//  4. A machine without multicast has no beacon, and one line says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "schema/endpoint.h"
#include "schema/result.h"

namespace earshot::node {

/// What a datagram says, with the address that it came from; nothing for noise and for strangers from afar.
std::optional<Contact> heard_beacon(std::string_view datagram, const Endpoint& from);

class LanBeacon {
 public:
  static constexpr std::chrono::seconds kPeriod{60};
  static constexpr std::chrono::seconds kAtLeast{1};
  static constexpr std::chrono::minutes kForget{10};
  static constexpr int kPerMinute = 8;

  struct Options {
    Contact self;
    std::uint16_t port = 4369;
    bool loopback = false;  // on this machine's loopback only: for tests
  };

  /// `on_heard` is called on this object's thread. Errors: kUnsupported.
  static Result<std::unique_ptr<LanBeacon>> start(const Options& options, std::function<void(const Contact&)> on_heard);
  ~LanBeacon();

  LanBeacon(const LanBeacon&) = delete;
  LanBeacon& operator=(const LanBeacon&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  LanBeacon(const Options& options, std::function<void(const Contact&)> on_heard);
  Result<void> open();
  void run();
  void say();
  void hear();

  const Options options_;
  const std::function<void(const Contact&)> on_heard_;
  std::vector<std::uint32_t> interfaces_;  // IPv4 addresses of ours, in network order
  int socket_ = -1, wake_ = -1;
  std::map<NodeKey, Clock::time_point> heard_;
  Clock::time_point say_at_{}, said_at_{}, minute_{};
  int said_ = 0, heard_in_minute_ = 0;
  std::thread thread_;
};

}  // namespace earshot::node
