// The queue of a simulation: events by time, in blocks of 8 ms that are sorted when their turn comes.
//
// Rules:
//  1. Events leave by (time, sender, order of pushing). A sender's events are pushed in the order in which it sends, so the
//     order is the one of (time, sender, sequence) and needs no sequence number in the event.
//     Rationale: the order must not depend on the container, on how many threads filled it, or on a peer added elsewhere.
//  2. Time is cut into blocks of 2^13 us and epochs of 2^12 blocks (33.6 s). A push into the running epoch appends to its
//     block's chain of chunks; a push beyond it appends to its epoch's chain, which is dealt out to the blocks, in order,
//     when that epoch begins.
//     Rationale: appending touches one cache line, where a heap touches log2(n) of them; measured at a million pending,
//     a blocked wheel moves ten times as many events a second as a heap.
//  3. A block is sorted when it is opened: into as many bins of time as it has events, then by time and sender inside each.
//  4. What is pushed into the block that is open goes to a heap beside it. Rationale: links are longer than 8 ms nearly
//     always, so this heap is nearly empty; it costs only those who simulate shorter ones.
//
// Cost: 24 bytes an event in flight, in chunks of 2 KiB that are reused.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/event.h"

namespace earshot::sim {

class EventWheel {
 public:
  EventWheel();
  ~EventWheel();
  EventWheel(const EventWheel&) = delete;
  EventWheel& operator=(const EventWheel&) = delete;

  /// REQUIRES: event.at >= now(), and not before the epoch of Ticks.
  void push(const Event& event);

  /// The next event before `limit`, or false when there is none. Moves now() to it. With a limit, events at `limit` and later
  /// may still be pushed after it has returned false, whatever else is waiting.
  bool pop(Event& event, Instant limit = kNever);

  /// No event happens before this; kNever when there is none.
  Instant next() const;

  /// Calls `hint(peer)` once for each target of the open block as soon as at most `distance` events lie before its own, in
  /// order: what a driver prefetches. `cursor` is the caller's, one for each distance, and begins as {}. Late arrivals (rule 4)
  /// are not announced; a hint decides nothing.
  struct Cursor {
    std::uint64_t block = 0;
    std::size_t next = 0;
  };
  template <class Hint>
  void look_ahead(Cursor& cursor, std::size_t distance, Hint&& hint) const {
    if (cursor.block != blocks_opened_) cursor = {blocks_opened_, next_};
    for (const std::size_t end = std::min(next_ + distance, ready_.size()); cursor.next < end; ++cursor.next) {
      hint(ready_[cursor.next].to, ready_[cursor.next].kind, ready_[cursor.next].body);
    }
  }

  /// The time of the last event popped.
  Instant now() const { return now_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Memory held, for the account of bytes per peer.
  std::size_t bytes() const;

 private:
  static constexpr int kBlockBits = 13;
  static constexpr int kEpochBits = 12;
  static constexpr std::size_t kBlocks = std::size_t{1} << kEpochBits;

  struct Packed {
    std::uint32_t tick;  // microseconds since the epoch of the wheel began: 25 bits
    PeerId from;
    PeerId to;
    std::uint32_t body;
    std::uint16_t ttl;
    std::uint16_t hops_and_visits;  // 11 bits of hops, and above them the highest 5 of the 21 bits of visits
    std::uint16_t visits;           // the lower ones
    EventKind kind;
    std::uint8_t flag;
  };
  static_assert(sizeof(Packed) == 24);

  struct Chunk {
    static constexpr std::uint32_t kCapacity = 84;
    Chunk* next = nullptr;
    std::uint32_t size = 0;
    std::array<Packed, kCapacity> events;
  };
  static_assert(sizeof(Chunk) <= 2048);

  struct Chain {
    Chunk* first = nullptr;
    Chunk* last = nullptr;
    std::size_t size = 0;
  };

  struct Late {
    Packed event;
    std::uint64_t order;
  };

  static std::uint64_t microseconds(Instant at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }
  static bool before(const Packed& left, const Packed& right) {
    return left.tick != right.tick ? left.tick < right.tick : left.from < right.from;
  }
  static bool after(const Late& left, const Late& right);

  void append(Chain& chain, const Packed& event);
  template <class Take>
  void consume(Chain& chain, Take&& take);
  bool open_next_block(Instant limit);
  bool begin_next_epoch(Instant limit);
  void begin_block();
  Instant instant_of(std::uint64_t epoch, std::uint64_t tick) const {
    return Instant(Duration(static_cast<std::int64_t>((epoch << (kBlockBits + kEpochBits)) + tick)));
  }
  void sort_ready(Chain& chain);
  static void insert_sorted(std::vector<Packed>::iterator first, std::vector<Packed>::iterator item);
  Event unpacked(const Packed& event) const;
  Chunk* fresh_chunk();

  std::array<Chain, kBlocks> blocks_;           // of the running epoch; empty up to and including the open one
  std::map<std::uint64_t, Chain> far_;          // epochs to come
  std::vector<Packed> ready_;                   // the open block, sorted
  std::size_t next_ = 0;                        // in ready_
  std::uint64_t blocks_opened_ = 0;
  std::vector<Late> late_;                      // heap; rule 4
  std::uint64_t late_order_ = 0;
  std::uint64_t epoch_ = 0;
  std::size_t open_block_ = 0;                  // within the epoch; pushes into it or before it are late
  std::size_t pending_ = 0;                     // events in blocks_
  std::size_t size_ = 0;
  Instant now_{};
  std::vector<std::uint32_t> starts_;           // of the bins of sort_ready
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
  Chunk* free_ = nullptr;
};

}  // namespace earshot::sim
