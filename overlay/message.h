// What two neighbours say to each other, as values. Bytes are wire.h's business.
//
// Rules: a message is small (a million are in flight in a simulation), what is large in it is shared and immutable,
// and it names peers by PeerId; keys and endpoints are attached by the wire.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "schema/bytes.h"
#include "schema/check.h"
#include "schema/ids.h"
#include "schema/limits.h"
#include "schema/search.h"

namespace earshot::overlay {

/// Up to limits::kMaxShuffle peers, inline.
class PeerList {
 public:
  void push_back(PeerId peer) {
    EARSHOT_CHECK(size_ < limits::kMaxShuffle);
    peers_[size_++] = peer;
  }
  bool full() const { return size_ == limits::kMaxShuffle; }
  std::size_t size() const { return size_; }
  const PeerId* begin() const { return peers_; }
  const PeerId* end() const { return peers_ + size_; }
  bool operator==(const PeerList& other) const {
    return std::span<const PeerId>(begin(), end()).size() == other.size() && std::equal(begin(), end(), other.begin());
  }

 private:
  PeerId peers_[limits::kMaxShuffle] = {};
  std::uint8_t size_ = 0;
};

// Membership, HyParView (Leitao, Pereira, Rodrigues 2007); the rules stand in membership/membership.h.
struct Join { bool operator==(const Join&) const = default; };
struct ForwardJoin { PeerId newcomer = kNoPeer; std::uint8_t ttl = 0; bool operator==(const ForwardJoin&) const = default; };
struct Neighbor { bool high_priority = false; bool operator==(const Neighbor&) const = default; };
struct NeighborReply { bool accepted = false; bool operator==(const NeighborReply&) const = default; };
struct Leave { bool operator==(const Leave&) const = default; };  // the paper's DISCONNECT
struct Shuffle { PeerId origin = kNoPeer; std::uint8_t ttl = 0; PeerList peers; bool operator==(const Shuffle&) const = default; };
struct ShuffleReply { PeerList peers; bool operator==(const ShuffleReply&) const = default; };

/// A question on its way. `hops` links lie behind it; it may cross `ttl` more.
struct Query {
  QueryId id;
  std::shared_ptr<const SearchRequest> request;
  StrategyKind strategy = StrategyKind::kFlood;
  std::uint16_t ttl = 0;
  std::uint16_t hops = 0;
  std::uint32_t visits = 0;  // bubble: peers that this copy is still to reach; ring: hops within which nobody looks again
  bool direct = false;       // from a host of the reader's digest, who need not be a neighbor: look and answer, no more
  bool stem = false;         // not spreading yet; then hops is 1 however long the way (search/stem.h)
};

/// What a holder has found, sealed to the one-time key of whoever asked: who passes it on sees its size, and not whose it is.
/// Making and opening boxes is the driver's business; null: nothing was found.
using SharedBox = std::shared_ptr<const Bytes>;

/// Answers on their way back. `hops` links lie between the holder and the reader.
struct Hits {
  QueryId id;
  SharedBox box;
  std::uint16_t hops = 0;
  std::uint8_t canaries = 0;  // bit i: the query's canary i has met its digest
};

/// A library's digest as it is sent and kept: shared and immutable. Coded as in schema/digest.h; the core does not read it.
using SharedDigest = std::shared_ptr<const Bytes>;

/// A digest on its way to those who will host it; the rules stand in publish/publisher.h.
struct Publish {
  QueryId id;                // of this spread, for telling first copies from repeats
  SharedDigest digest;
  PeerId owner = kNoPeer;
  std::uint32_t visits = 0;  // peers that this copy is still to reach
  std::uint16_t life_s = 0;  // how long to host it, from now
  std::uint8_t walk = 0;     // steps still to go before the spread begins
  std::uint8_t hops = 0;
};

/// What push-sum adds up; the rules stand in estimate/estimates.h. All in fixed point.
struct Shares {
  std::uint64_t weight = 0;
  std::uint64_t peers = 0;
  std::uint64_t degrees = 0;
  std::uint64_t squared_degrees = 0;
  std::uint64_t tried = 0;
  std::uint64_t met = 0;
  bool operator==(const Shares&) const = default;
};

/// Half of a peer's shares, on their way to another, and what he believes until the epoch ends.
struct Estimate {
  std::uint32_t epoch = 0;
  std::uint32_t peers = 0;   // 0: he does not know
  std::uint64_t seed = 0;
  std::shared_ptr<const Shares> shares;
  std::uint32_t meeting = 0;   // as in NetworkView
  std::uint32_t meetings = 0;
  std::uint8_t degree = 0;
};

using Message = std::variant<Join, ForwardJoin, Neighbor, NeighborReply, Leave, Shuffle, ShuffleReply, Query, Hits, Publish,
                             Estimate>;

}  // namespace earshot::overlay
