// What goes over links, at the rate that is their share. Pure: who drives it says what time it is.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "schema/bytes.h"
#include "schema/time.h"
#include "stream/ppspp/allowance.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::relay {

class Share {
 public:
  /// Bytes a second: three streams of 320 kbit/s and some.
  static constexpr std::uint64_t kRate = 192 * 1024;
  /// Datagrams that wait: half a second's worth. Full: a further one is lost, and LEDBAT hears of the delay long before.
  static constexpr std::size_t kMaxWaiting = 80;

  void push(LinkNumber to, ByteView datagram) {
    if (waiting_.size() < kMaxWaiting) waiting_.emplace_back(to, Bytes(datagram.begin(), datagram.end()));
  }

  /// Hands on what may go.
  void send(Instant now, Carrier& carrier) {
    while (!waiting_.empty() && bucket_.available(now) >= waiting_.front().second.size()) {
      const auto& [to, datagram] = waiting_.front();
      carrier.send(to, datagram);
      bucket_.take(datagram.size());
      waiting_.pop_front();
    }
  }

  Instant next_deadline(Instant now) { return waiting_.empty() ? kNever : bucket_.ready_at(now, waiting_.front().second.size()); }

 private:
  ppspp::TokenBucket bucket_{kRate};
  std::deque<std::pair<LinkNumber, Bytes>> waiting_;
};

}  // namespace earshot::stream::relay
