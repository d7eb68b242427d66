// Where an engine's datagrams go out: UDP, and the links of a carrier for endpoints that stand for them. The engine's thread's.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "stream/net/udp.h"
#include "stream/relay/carrier.h"
#include "stream/relay/share.h"

namespace earshot::stream::ppspp {

class Ways {
 public:
  /// No carrier: what is for a link is lost.
  Ways(std::unique_ptr<net::UdpSocket> socket, std::shared_ptr<relay::Carrier> carrier)
      : socket_(std::move(socket)), carrier_(std::move(carrier)) {}

  net::UdpSocket& socket() { return *socket_; }
  const Endpoint& local() const { return socket_->local(); }
  relay::Carrier* carrier() { return carrier_.get(); }

  /// Sends in order, on each way.
  void send(Instant now, std::span<const net::Outgoing> datagrams, ByteView arena) {
    while (!datagrams.empty()) {
      const auto begin = datagrams.begin();
      const auto link = std::find_if(begin, datagrams.end(), [](const net::Outgoing& out) { return relay::is_link(out.to); });
      if (link != begin) socket_->send({begin, link}, arena);
      if (link == datagrams.end()) return;
      share_.push(relay::link_of(link->to), arena.subspan(link->offset, link->size));
      datagrams = {link + 1, datagrams.end()};
    }
    keep_pace(now);
  }

  void keep_pace(Instant now) {
    if (carrier_) share_.send(now, *carrier_);
  }
  Instant next_deadline(Instant now) { return carrier_ ? share_.next_deadline(now) : kNever; }

 private:
  const std::unique_ptr<net::UdpSocket> socket_;
  const std::shared_ptr<relay::Carrier> carrier_;
  relay::Share share_;
};

}  // namespace earshot::stream::ppspp
