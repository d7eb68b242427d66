// A bad path between real programs: they speak to a port here, and what they say goes on to one target and back, treated as
// the path says. For kernels that have no netem, and for tests without the right to use it.
//
// Each sender gets a port of its own towards the target, as behind a router; rebind() gives all of them new ones, as a
// router does that forgot. One thread; decisions follow from the seed, their times from the clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "tests/impairment/impairment.h"

namespace earshot::impairment {

class UdpProxy {
 public:
  /// Senders at once; more are not passed on.
  static constexpr std::size_t kMaxSenders = 64;
  /// Datagrams under way; more are lost.
  static constexpr std::size_t kMaxUnderWay = 65'536;

  /// `there`: towards the target, `back`: from it. Errors: kUnreachable.
  static Result<std::unique_ptr<UdpProxy>> open(const Endpoint& target, const Path& there, const Path& back, std::uint64_t seed);
  ~UdpProxy();
  UdpProxy(const UdpProxy&) = delete;
  UdpProxy& operator=(const UdpProxy&) = delete;

  /// Where senders send to; loopback.
  const Endpoint& local() const { return local_; }
  void rebind() { rebind_ = true; }
  /// Bytes that the target's side sent, lost ones included.
  std::uint64_t bytes_back() const { return bytes_back_; }

 private:
  class Relay;

  explicit UdpProxy(std::unique_ptr<Relay> relay);

  std::unique_ptr<Relay> relay_;
  Endpoint local_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> rebind_{false};
  std::atomic<std::uint64_t> bytes_back_{0};
  std::thread thread_;
};

}  // namespace earshot::impairment
