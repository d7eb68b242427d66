// A live swarm on a UDP port of its own: what is appended here is read elsewhere, in order. One thread moves datagrams;
// whoever appends and reads does so from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "stream/net/udp.h"
#include "stream/ppspp/live/live_swarm.h"

namespace earshot::stream::ppspp {

class LiveStation {
 public:
  /// How long a reader waits for a chunk that is missing while later ones are here; then it goes on behind the gap.
  static constexpr Duration kGapPatience = 2s;

  /// `slots`: listeners served from here at once; the others take it from them. Errors: kUnreachable (the port is taken), kUnsupported
  /// (draft 10 with another key than one of ECDSA P-256).
  static Result<std::unique_ptr<LiveStation>> broadcast(LiveSigner signer, const Endpoint& listen, std::size_t slots,
                                                        Dialect dialect = Dialect::kRfc7574);
  static Result<std::unique_ptr<LiveStation>> tune_in(LiveKey key, const Endpoint& listen, std::span<const Endpoint> peers);
  /// Says good-bye.
  ~LiveStation();
  LiveStation(const LiveStation&) = delete;
  LiveStation& operator=(const LiveStation&) = delete;

  Endpoint local() const { return socket_->local(); }
  std::size_t peers() const;
  LiveSwarm::Counters counters() const;
  /// Who was banned, and why.
  std::map<Endpoint, std::string> banned() const;

  /// REQUIRES: broadcast.
  void append(ByteView bytes);
  /// What does not fill a munro is filled up with zeros and sent. REQUIRES: broadcast.
  void end();

  /// The next verified bytes in order, from where this station tuned in; waits for at least one. Errors: kTimedOut.
  Result<std::size_t> read(std::span<std::uint8_t> into, Duration patience);
  /// Which byte of the stream read() hands out next; nothing before the first. Grows by more than was read when a gap was passed over.
  std::optional<std::uint64_t> position() const;

 private:
  LiveStation(std::unique_ptr<net::UdpSocket> socket, int wake, LiveSwarm swarm);
  static Result<std::unique_ptr<LiveStation>> open(const Endpoint& listen, const std::function<LiveSwarm(Random)>& make);
  void react();
  void nudge() const;
  /// REQUIRES: mutex_ is held.
  void carry_out();
  bool find_next(Instant now);

  const std::unique_ptr<net::UdpSocket> socket_;
  const int wake_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  LiveSwarm swarm_;
  Outbox out_;
  std::vector<net::Outgoing> outgoing_;
  bool stopping_ = false;
  std::optional<std::uint64_t> next_;  // byte that read() hands out next
  Instant gap_since_{};

  std::thread thread_;
};

}  // namespace earshot::stream::ppspp
