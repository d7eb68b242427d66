// Datagrams under way between peers that exist in memory, in virtual time: what every network of the stream tests runs on.
// A Peer has an endpoint, a swarm and says whether it is alive; what its swarm wants done, the network above carries out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

#include "schema/endpoint.h"
#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

template <typename Peer>
class DatagramNetwork {
 public:
  explicit DatagramNetwork(Instant begin) : now_(begin) {}
  virtual ~DatagramNetwork() = default;

  void dial(Peer& from, const Peer& to) {
    from.swarm.add_peer(now_, to.endpoint, out_);
    carry_out(from);
  }

  /// Runs until `done` or until so much time has passed. True: done.
  bool run(Duration limit, const std::function<bool()>& done) {
    const Instant end = now_ + limit;
    while (!done()) {
      const Instant next = next_event();
      if (next > end) {
        now_ = end;
        return done();
      }
      now_ = std::max(now_, next);
      deliver();
      for (const auto& peer : peers_) {
        if (!peer->alive || peer->swarm.next_deadline() > now_) continue;
        peer->swarm.tick(now_, out_);
        carry_out(*peer);
      }
    }
    return true;
  }
  void pass(Duration time) {
    run(time, [] { return false; });
  }
  Instant now() const { return now_; }

 protected:
  /// Carries out what the peer's swarm put into `out_`, and empties that.
  virtual void carry_out(Peer& peer) = 0;

  Endpoint next_endpoint() const {
    Endpoint endpoint = endpoint_from("10.0.0.1:0").value();
    endpoint.port = static_cast<std::uint16_t>(1000 + peers_.size());
    return endpoint;
  }
  Peer& join(std::unique_ptr<Peer> peer) {
    peers_.push_back(std::move(peer));
    return *peers_.back();
  }
  std::size_t joined() const { return peers_.size(); }
  void send(const Endpoint& from, const Endpoint& to, Bytes bytes, Duration delay) {
    events_.push({now_ + delay, order_++, from, to, std::move(bytes)});
  }

  Outbox out_;

 private:
  struct Event {
    Instant at;
    std::uint64_t order;
    Endpoint from, to;
    Bytes bytes;
    bool operator>(const Event& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };

  Instant next_event() const {
    Instant next = events_.empty() ? kNever : events_.top().at;
    for (const auto& peer : peers_) {
      if (peer->alive) next = std::min(next, peer->swarm.next_deadline());
    }
    return next;
  }
  void deliver() {
    while (!events_.empty() && events_.top().at <= now_) {
      const Event event = events_.top();
      events_.pop();
      for (const auto& peer : peers_) {
        if (!peer->alive || peer->endpoint != event.to) continue;
        peer->swarm.receive(now_, event.from, event.bytes, out_);
        carry_out(*peer);
      }
    }
  }

  std::uint64_t order_ = 0;
  Instant now_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace earshot::stream::ppspp
