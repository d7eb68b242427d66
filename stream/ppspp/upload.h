// The giving half of a channel: what the peer asked for, what is under way to it, and which proof goes with a chunk.
//
// Rules
//  1. Requests are served in the order in which they came, as far as the congestion window reaches.
//  2. Before a chunk go, by height descending, the hashes that the peer misses (RFC 7574, section 5.4), and before these
//     the peaks until the peer has acknowledged something that we sent (section 5.6.2 allows to skip them when it
//     acknowledged anything; sent by every source, they let the peer see through a false claim of the chunk count).
//  3. The peer is assumed to hold what was sent and is not known lost, so that a chunk in a sequence costs one hash on
//     average (section 5.3, "optimistically skip"). A chunk that is asked for again goes with every hash that follows
//     from acknowledgements alone: optimism failed once.
//  4. While nothing gets lost on a short path, the proofs of a batch share a datagram ahead of it and its DATA datagrams are of equal
//     size, which the kernel can then segment. After a loss each proof travels with its chunk (atomic datagrams),
//     and the first two chunks of a batch bring all that follows from acknowledgements: one lost datagram must not leave
//     a whole page without proof.
//  5. On paths with a delay the window leaves in steps over a round trip, a quarter faster than the window alone would,
//     and not in one burst that a router's queue must hold (RFC 6817, section 3.2, asks for no bursts).
//  6. A lost chunk is not sent again unless the peer asks again: it knows whether it still wants it, and from whom.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "schema/bytes.h"
#include "schema/time.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/effect.h"
#include "stream/ppspp/ledbat.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/wire.h"

namespace earshot::stream::ppspp {

/// A UDP payload that passes an Ethernet with IPv6, PPPoE and a tunnel header to spare.
inline constexpr std::size_t kMaxDatagram = 1400;

class Upload {
 public:
  /// Separate runs of chunks that one peer may have queued; more are ignored, it will ask again.
  static constexpr std::size_t kMaxQueuedRuns = 256;
  /// Chunks in one batch: 48 datagrams of 1,045 bytes fit into the 64 KiB that the kernel segments at once.
  static constexpr std::uint64_t kMaxBatch = 48;

  void request(Instant now, ChunkRange chunks, const ChunkSet& has);
  void cancel(ChunkRange chunks);
  /// The peer holds these now. `sample_us`: from an ACK, nothing from a HAVE.
  void acknowledged(Instant now, ChunkRange chunks, std::optional<std::uint64_t> sample_us);

  /// The next chunks to load, out of those that we have; they count as sent from now on. Nothing: wait.
  /// `allowed`: chunks at most, as the user limits it.
  std::optional<ChunkRange> next(Instant now, const ChunkSet& ours, std::uint64_t allowed = kMaxBatch);

  /// Where the datagrams of a channel go.
  struct Destination {
    Endpoint endpoint;
    ChannelId channel{};
    WireFormat format;
  };
  /// Writes loaded chunks with their proofs; a chunk whose proof cannot be had is left out. REQUIRES: bytes are those of
  /// `chunks`.
  void compose(Instant now, ChunkRange chunks, ByteView bytes, const HashTree& tree, const TreePage* low,
               const ChunkSet& has, const Destination& to, Outbox& out);

  /// Gives up waiting for acknowledgements that are overdue.
  void tick(Instant now);
  Instant next_deadline(Instant now) const;

  bool is_queue_empty() const { return queue_.empty(); }
  bool idle() const { return queue_.empty() && in_flight_.empty(); }
  std::uint64_t window() const { return ledbat_.window(); }
  void sample_round_trip(Duration rtt) { round_trip_.sample(rtt); }

 private:
  struct Flight {
    ChunkRange chunks;
    Instant sent;
    bool sampled = false;
  };

  /// Nothing when a hash is missing, which takes a damaged disk.
  std::optional<std::vector<Node>> proof(std::uint64_t chunk, const HashTree& tree, const TreePage* low,
                                         const ChunkSet& has, bool optimistic) const;
  void find_lost(Instant now, std::size_t newest_acknowledged);
  void forget_landed();
  Instant overdue_at() const;

  std::deque<ChunkRange> queue_;  // in the order asked for
  ChunkSet queued_;               // the chunks of queue_
  std::deque<Flight> flights_;    // batches in the order sent
  ChunkSet in_flight_;            // sent, neither acknowledged nor given up
  ChunkSet assumed_;              // sent and not known lost: the peer should have verified them by now
  ChunkSet again_;                // asked for again since they were sent
  Ledbat ledbat_;
  RoundTrip round_trip_;
  bool peaks_known_ = false;      // the peer acknowledged something that we sent
  Instant paced_until_{};         // the batch before has the path until then
};

}  // namespace earshot::stream::ppspp
