// What one peer shares, page by page: a conversation of two. It concerns nobody else, so it is no part of Peer: nothing is
// passed on, and a driver hands the two messages to this.
//
//  1. Who browses asks one peer for one page at a time, over the link that there is or one that is opened for it; the answer
//     comes back over it. He pays with a question of his link's rate (fairness/ledger.h).
//  2. A page is sealed to a key made for this question and signed, as boxes of hits are (overlay/net/sealed_hits.h), and taken
//     only from whom it was asked of, once. Rationale: an id that a neighbor saw must not let him answer for another.
//  3. A peer shows its share to strangers kPerSecond times, kAtOnce at once, in all: a page reads kMostOnPage tracks. What
//     exceeds that is dropped; who asked hears nothing and tries again.
//  4. One that does not show its share says so, instead of leaving whoever asks to wait.
//  5. At most kMostOpen questions of our own; each has kPatience.
//
// An attacker gains: 10 pages a second at one peer, of what questions would find one by one. Whom that disturbs does not show
// his share. An answer is longer than its question, but goes over the link that the question came on: TCP, proven by CURVE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "overlay/message.h"
#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/limits.h"
#include "schema/time.h"

namespace earshot::overlay {

/// "What do you share, from this place of your list on?"
struct Browse {
  QueryId id;
  std::uint32_t place = 0;
  Digest32 reply_key{};
  bool operator==(const Browse&) const = default;
};

/// A page of it. Null: no tracks from that place on, or not shown.
struct Shelf {
  QueryId id;
  SharedBox box;
  std::uint32_t shared = 0;  // tracks of the whole list
  std::uint32_t next = 0;    // the place to go on from; `shared` or beyond: that was all
  bool hidden = false;       // he does not show what he shares
};

class Browsing {
 public:
  static constexpr std::size_t kMostOnPage = limits::kMaxHitsPerMessage;
  static constexpr std::size_t kMostOpen = 32;
  static constexpr Duration kPatience = 10s;
  static constexpr std::uint32_t kPerSecond = 10;
  static constexpr std::uint32_t kAtOnce = 40;

  explicit Browsing(bool shows) : shows_(shows) {}

  /// False: kMostOpen are open. REQUIRES: the id is fresh.
  bool ask(Instant now, const QueryId& id, PeerId holder);
  /// Whether this is the answer that is waited for; it is not any more.
  bool takes(PeerId from, const Shelf& shelf);
  /// Questions that nothing will answer: their time is up, or the link to whom they went is gone.
  std::vector<QueryId> expired(Instant now);
  std::vector<QueryId> lost(PeerId peer);
  Instant next_deadline() const;
  std::size_t open() const { return open_.size(); }

  enum class Answer : std::uint8_t { kPage, kNotShown, kNothing };
  /// What a stranger's question gets.
  Answer judge(Instant now);

 private:
  struct Open {
    PeerId holder = kNoPeer;
    Instant until;
  };

  template <class Over>
  std::vector<QueryId> close(Over is_over);

  bool shows_;
  Instant busy_until_{};  // rule 3: a bucket as one instant
  std::map<QueryId, Open> open_;
};

}  // namespace earshot::overlay
