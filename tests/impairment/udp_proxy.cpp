// Sockets, and a queue by arrival.
#include "tests/impairment/udp_proxy.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <queue>
#include <tuple>
#include <vector>

#include "stream/net/udp.h"

namespace earshot::impairment {

namespace {

using stream::net::Outgoing;
using stream::net::UdpSocket;

Instant now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// A port of ours towards the target, and who it stands for. None: the front port, where senders send to.
struct Port {
  std::unique_ptr<UdpSocket> socket;
  Endpoint sender;
};

struct UnderWay {
  Instant arrives;
  std::uint64_t order = 0;
  std::size_t port = 0;  // that it leaves by
  Endpoint to;
  Bytes bytes;
  bool operator>(const UnderWay& other) const { return std::tie(arrives, order) > std::tie(other.arrives, other.order); }
};

}  // namespace

class UdpProxy::Relay {
 public:
  Relay(std::unique_ptr<UdpSocket> front, const Endpoint& target, const Path& there, const Path& back, std::uint64_t seed)
      : target_(target), there_(there, 2 * seed), back_(back, 2 * seed + 1) {
    ports_.push_back({std::move(front), {}});
  }

  const Endpoint& local() const { return ports_.front().socket->local(); }

  void run(const std::atomic<bool>& stopping, std::atomic<bool>& rebind, std::atomic<std::uint64_t>& bytes_back) {
    while (!stopping) {
      wait();
      if (rebind.exchange(false)) renew_ports();
      const Instant time = now();
      for (std::size_t port = 0; port < ports_.size(); ++port) take(port, time, bytes_back);
      deliver(now());
    }
  }

 private:
  void wait() const {
    constexpr Duration kMaxSleep = 20ms;  // until a stop is noticed
    const Duration until = under_way_.empty() ? kMaxSleep : std::clamp<Duration>(under_way_.top().arrives - now(), Duration(0), kMaxSleep);
    std::vector<pollfd> events;
    for (const Port& port : ports_) events.push_back({port.socket->descriptor(), POLLIN, 0});
    const timespec limit{0, static_cast<long>(until.count() * 1000)};
    ppoll(events.data(), events.size(), &limit, nullptr);
  }

  void renew_ports() {
    for (std::size_t port = 1; port < ports_.size(); ++port) {
      if (auto fresh = UdpSocket::bind(any())) ports_[port].socket = std::move(*fresh);
    }
  }

  Endpoint any() const {
    Endpoint endpoint = local();
    endpoint.port = 0;
    return endpoint;
  }

  void take(std::size_t port, Instant time, std::atomic<std::uint64_t>& bytes_back) {
    const bool front = port == 0;
    while (true) {
      const auto incoming = ports_[port].socket->receive();
      if (incoming.empty()) return;
      for (const auto& datagram : incoming) {
        if (!front) bytes_back += datagram.bytes.size();
        const std::size_t by = front ? port_of(datagram.from) : 0;
        if (front && by == 0) continue;
        const Endpoint to = front ? target_ : ports_[port].sender;
        for (const Instant arrives : (front ? there_ : back_).arrivals(time, datagram.bytes.size())) {
          if (under_way_.size() >= kMaxUnderWay) break;
          under_way_.push({arrives, order_++, by, to, Bytes(datagram.bytes.begin(), datagram.bytes.end())});
        }
      }
    }
  }

  /// 0: there is none to be had.
  std::size_t port_of(const Endpoint& sender) {
    for (std::size_t port = 1; port < ports_.size(); ++port) {
      if (ports_[port].sender == sender) return port;
    }
    if (ports_.size() > kMaxSenders) return 0;
    auto socket = UdpSocket::bind(any());
    if (!socket) return 0;
    ports_.push_back({std::move(*socket), sender});
    return ports_.size() - 1;
  }

  void deliver(Instant time) {
    while (!under_way_.empty() && under_way_.top().arrives <= time) {
      const UnderWay& next = under_way_.top();
      const std::array<Outgoing, 1> one = {Outgoing{next.to, 0, next.bytes.size()}};
      ports_[next.port].socket->send(one, next.bytes);
      under_way_.pop();
    }
  }

  Endpoint target_;
  Impairment there_, back_;
  std::vector<Port> ports_;
  std::priority_queue<UnderWay, std::vector<UnderWay>, std::greater<>> under_way_;
  std::uint64_t order_ = 0;
};

Result<std::unique_ptr<UdpProxy>> UdpProxy::open(const Endpoint& target, const Path& there, const Path& back, std::uint64_t seed) {
  auto front = UdpSocket::bind(endpoint_from("127.0.0.1:0").value());
  if (!front) return tl::unexpected(std::move(front.error()));
  return std::unique_ptr<UdpProxy>(new UdpProxy(std::make_unique<Relay>(std::move(*front), target, there, back, seed)));
}

UdpProxy::UdpProxy(std::unique_ptr<Relay> relay) : relay_(std::move(relay)), local_(relay_->local()) {
  thread_ = std::thread([this] { relay_->run(stopping_, rebind_, bytes_back_); });
}

UdpProxy::~UdpProxy() {
  stopping_ = true;
  thread_.join();
}

}  // namespace earshot::impairment
