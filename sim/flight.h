// Messages in flight: overlay::Message packed into the few bytes of an Event and back. What a million copies share (the
// question, the list of hits) is kept once, in pools.
//
//   kind            body                ttl, hops       flag
//   kForwardJoin    the newcomer        ttl
//   kNeighbor                                           high priority
//   kNeighborReply                                      accepted
//   kShuffle        list of peers       ttl             (origin is the list's)
//   kShuffleReply   list of peers
//   kQuery          query               both            strategy and kWave (with visits)
//   kHits           list of hits        hops            wave
//   kPublish        publication         walk, hops      (with visits)
//   kEstimate       shares
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "overlay/message.h"
#include "overlay/peer.h"
#include "schema/ids.h"
#include "schema/prefetch.h"
#include "schema/time.h"
#include "sim/event.h"

namespace earshot::sim {

/// A question that is none of the workload's: an attacker's.
inline constexpr std::uint32_t kNoQuestion = UINT32_MAX;

/// What became of one question; the probes write it, results.h reads it. In a partitioned run each part has its share.
struct QueryTrack {
  std::uint32_t question = 0;        // number in the workload
  std::uint32_t item = 0;
  PeerId origin = kNoPeer;
  std::uint32_t available = 0;       // other peers that held the item when it was asked for
  Instant asked{};
  std::uint64_t copies = 0;          // of the query, sent by anybody
  std::uint64_t hit_messages = 0;    // Hits, sent by anybody, each hop counted
  std::uint32_t reached = 0;         // other peers that looked in their libraries
  std::uint32_t deepest = 0;         // hops of the farthest of them
  std::uint32_t hits = 0;            // delivered at the origin, own library not counted
  std::uint32_t false_hits = 0;      // of liars, delivered at the origin
  std::uint32_t direct = 0;          // of the copies, those that a digest's host sent to its owner
  std::uint32_t peers_asked = 0;     // as the origin counts them
  std::uint32_t coverage_permille = 0;  // as the origin was told at the end
  std::uint32_t first_hops = 0;      // of the first hit
  Duration first_after{};            // from asking to the first hit
};

/// A question that is being asked.
struct LiveTrack : QueryTrack {
  QueryId id;
  std::uint32_t in_flight = 0;       // events that name this track
  bool open = false;
  std::uint64_t digest = 0;          // of id and request
  overlay::Message message;          // the Query as peers pass it on; ttl and hops are filled in on delivery
};

/// A message on its way into another part of a partitioned run, with what the other part may not know of its query.
struct Crossing {
  Event event;
  overlay::Message message;
  QueryTrack query;                  // of Query and Hits: question, item, origin, asked
  std::uint64_t digest = 0;          // of Query and Hits: of the query
};

class Flight {
 public:
  /// A place that names a pooled thing.
  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  /// Begins to follow a query. REQUIRES: an id that is not followed already.
  Index open(const QueryId& id, const QueryTrack& about);
  LiveTrack& track(Index index) { return tracks_[index]; }
  Index track_of(const QueryId& id) { return last_ != kNone && tracks_[last_].id.high == id.high ? last_ : find(id); }
  /// The query is closed at its origin: its track ends when the last message of it has landed.
  void close(Index index);
  /// Closes whatever this origin has open, for it is gone. Returns how many questions of the workload that were.
  std::uint32_t abandon(PeerId origin);
  /// What became of every query, in the order of the workload; those still in flight end here. Empties itself.
  std::vector<QueryTrack> take_tracks();

  /// Counts a message that somebody sends, lost or not.
  void count(const overlay::Message& message);
  /// Fills the event's kind, body, ttl, hops and flag.
  void pack(const overlay::Message& message, Event& event);

  /// Of messages to another part and from it.
  Crossing leave(const overlay::Message& message, const Event& event);
  void enter(const Crossing& crossing, Event& event);

  /// The message of a delivery event. Valid until the next call; the event's pooled things are let go by drop().
  const overlay::Message& message(const Event& event);
  void drop(const Event& event);

  /// Asks for the memory at `peer` that the message of a delivery event will touch.
  void prefetch(EventKind kind, std::uint32_t body, const overlay::Peer& peer) const {
    if (kind == EventKind::kQuery) return peer.prefetch(tracks_[body].message);
    peer.prefetch_upkeep();
    if (kind == EventKind::kShuffle || kind == EventKind::kShuffleReply) earshot::prefetch(&lists_[body]);
    if (kind == EventKind::kEstimate) earshot::prefetch(&estimates_[body]);
  }

  /// A hash of the message's content that is the same on every machine.
  std::uint64_t digest(const Event& event) const;

  /// Queries that are open or in flight.
  std::size_t live_tracks() const { return by_id_.size(); }
  std::size_t bytes() const;

 private:
  struct Answer {
    Index track = kNone;
    std::uint64_t digest = 0;
    overlay::SharedBox box;
    std::uint32_t wave = 0;
    std::uint8_t canaries = 0;
  };
  struct Peers {
    PeerId origin = kNoPeer;
    overlay::PeerList list;
  };

  /// Slots of equal things and a list of the free ones.
  template <class T>
  class Pool {
   public:
    Index add(T thing);
    void remove(Index index);
    T& operator[](Index index) { return things_[index]; }
    const T& operator[](Index index) const { return things_[index]; }
    std::size_t size() const { return things_.size(); }  // free slots included
    std::size_t bytes() const { return things_.capacity() * sizeof(T) + free_.capacity() * sizeof(Index); }

   private:
    std::vector<T> things_;
    std::vector<Index> free_;
  };

  Index find(const QueryId& id);
  Index begin(const QueryId& id, const QueryTrack& about);
  void share(LiveTrack& track, const overlay::Query& message);
  void end_if_landed(Index index) {
    if (!tracks_[index].open && tracks_[index].in_flight == 0) end(index);
  }
  void end(Index index);

  void fill(const overlay::Join& message, Event& event);
  void fill(const overlay::ForwardJoin& message, Event& event);
  void fill(const overlay::Neighbor& message, Event& event);
  void fill(const overlay::NeighborReply& message, Event& event);
  void fill(const overlay::Leave& message, Event& event);
  void fill(const overlay::Shuffle& message, Event& event);
  void fill(const overlay::ShuffleReply& message, Event& event);
  void fill(const overlay::Query& message, Event& event);
  void fill(const overlay::Hits& message, Event& event);
  void fill(const overlay::Publish& message, Event& event);
  void fill(const overlay::Estimate& message, Event& event);

  Pool<LiveTrack> tracks_;
  Pool<Answer> answers_;
  Pool<Peers> lists_;
  Pool<overlay::Publish> publications_;
  Pool<overlay::Estimate> estimates_;
  std::vector<QueryTrack> ended_;
  std::unordered_map<std::uint64_t, Index> by_id_;    // by the id's high word, which all waves share; only looked up
  Index last_ = kNone;                                // the track of the last look-up: nearly always the next one too
  overlay::Message scratch_;
};

/// Mixes a word into a hash: multiply and fold, 64 x 64 -> 128 bits. For telling runs apart, not against an enemy.
inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Product = unsigned __int128;
  const Product product = Product{hash ^ 0x9E3779B97F4A7C15u} * (word ^ 0xD1B54A32D192ED03u);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace earshot::sim
