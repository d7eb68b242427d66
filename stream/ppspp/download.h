// The taking half of a channel: what we asked this peer for, how much we ask ahead, and when we stop waiting.
//
// Rules
//  1. Chunks are asked for in runs of at most 64 under one page of the tree ("asks"), so that one proof serves a run.
//  2. A run that later runs have overtaken is given up after a grace; a chunk that arrives after it was given up doubles
//     the grace. Of a run that nothing came of, only runs that were asked for later by that grace tell. Rationale: reordering and
//     loss look alike at first, and a path's reordering is a property to be learnt.
//  3. Nothing at all for a timeout: everything is given up and the peer is asked for a little only, until it answers. While
//     chunks flow, the timeout follows from the pauses between them and not from how long an ask waits in the sender's
//     queue: a source that dies in full flow is noticed within a few pauses.
//  4. The window aims at runs being answered, on average, within kTargetWait beyond the best time seen lately: enough to
//     keep the path busy, little enough that what is asked for first comes first. (A seek cancels what waits at the sender,
//     so the wait itself does not delay it.) The rate is the sender's business (ledbat.h).
//     Rationale for average and target: on a path, or a machine, that delays by chance, single waits say nothing, and a
//     window that shrinks on them ends at a few chunks a round trip.
// What is given up is free to be asked of any peer, this one included.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "schema/time.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/ledbat.h"
#include "stream/ppspp/merkle_tree.h"

namespace earshot::stream::ppspp {

class Download {
 public:
  /// In chunks. 1,024 asked ahead are 1 MiB: at 100 ms a path of 80 Mbit/s is kept busy by one source.
  static constexpr std::uint64_t kMinWindow = 16;
  static constexpr std::uint64_t kStartWindow = 64;
  static constexpr std::uint64_t kMaxWindow = 1024;
  static constexpr Duration kTargetWait = 400ms;

  /// How many chunks may be asked for now; small rests are withheld until a worthwhile run is free.
  std::uint64_t room() const;
  std::uint64_t outstanding() const { return outstanding_; }

  /// REQUIRES: 1 to 64 chunks under one page, none outstanding here.
  void asked(Instant now, ChunkRange chunks);
  /// A chunk came. False when it was not asked for here; one that was given up lately is as good as any.
  bool arrived(Instant now, std::uint64_t chunk);
  /// Wanted from here no more, because it is here or not wanted at all. Returns what was outstanding of it.
  std::uint64_t drop(ChunkRange chunks);

  /// Collects what is given up by now; empty most of the time.
  ChunkSet take_overdue(Instant now);
  /// All that is outstanding.
  ChunkSet pending() const;
  /// When the oldest outstanding run was asked for; kNever when nothing is outstanding.
  Instant oldest() const;

  Instant next_deadline() const;
  bool is_stalled() const { return stalled_; }
  void sample_round_trip(Duration rtt) { round_trip_.sample(rtt); }
  Duration round_trip() const { return round_trip_.smoothed(); }

 private:
  struct Ask {
    std::uint64_t first = 0;
    std::uint64_t pending = 0;  // bit i: first + i is outstanding
    std::uint64_t count = 0;
    Instant sent;
    bool answered = false;                  // a chunk of it came
    bool again = false;                     // given up before: what comes may have been sent then, and tells no times
    std::optional<Instant> overtaken_at;    // a chunk of a later ask came

    static std::uint64_t mask(std::uint64_t size) { return size >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1; }
    void collect(ChunkSet& into) const;
  };

  void completed(Instant now, const Ask& ask);
  void note_pause(Duration pause);
  void forget_given_up();
  Duration grace() const;
  /// REQUIRES: something is outstanding.
  Instant silent_until() const;

  std::deque<Ask> asks_;  // in the order sent
  std::uint64_t outstanding_ = 0;
  std::uint64_t window_ = kStartWindow;
  ChunkSet given_up_;              // lately; to learn the reordering
  Duration grace_ = 5ms;
  Instant learnt_{};               // when a chunk last came that was given up
  /// The best wait of this minute and of the one before.
  Duration best_wait_ = Duration::max(), earlier_best_ = Duration::max();
  Instant best_since_{};
  Duration usual_wait_{0};  // smoothed
  std::optional<Instant> last_arrival_;
  Duration longest_pause_{0};      // between two arrivals, lately
  unsigned pauses_ = 0;            // that it was learnt from
  bool stalled_ = false;
  RoundTrip round_trip_;
};

/// Gathers a peer's claim of the chunk count from the INTEGRITY messages that it opens with.
class PeakCollector {
 public:
  /// True when the claim is settled by this node: the peaks lead to the root.
  bool add(const Node& node, const Digest32& root, MerkleHash hash = MerkleHash::kSha256);
  bool settled() const { return settled_; }
  /// REQUIRES: settled().
  const std::vector<Node>& peaks() const { return peaks_; }
  std::uint64_t chunk_count() const { return peaks_.back().bin.chunks().end; }

 private:
  std::vector<Node> peaks_;
  bool settled_ = false;
};

}  // namespace earshot::stream::ppspp
