// Who are our neighbors? HyParView: "HyParView: a membership protocol for reliable gossip-based broadcast", Leitao,
// Pereira, Rodrigues, DSN 2007, called "the paper" below. A small active view of neighbors, to whom links are kept and
// whose views hold us in turn, and a larger passive view of names in reserve.
//
// THE RULES
//
//  1. Both views are bounded: Config::active_size and passive_size. Whoever enters the active view is announced with
//     Connect, whoever leaves it by our decision or his with Disconnect (not when lost() told us: that link is gone).
//  2. JOIN is always accepted (paper, 4.2): a contact without a free slot evicts a random neighbor, who gets Leave and
//     goes to the passive view. It answers with an acceptance, and sends ForwardJoin(ttl = ARWL) to its other
//     neighbors.
//     We leave the paper: there the newcomer takes the contact for a neighbor at once; here only when the acceptance
//     comes, so a lost Join leaves no half-open link. A repeated Join is worked on as if it were the first.
//     Rationale: the newcomer may have restarted, or our acceptance was lost; both ends converge.
//     Cost: 1 + 1 + (active_size - 1) walks of at most ARWL + 1 messages.
//  3. FORWARD-JOIN walks at random (paper, 4.2): with ttl 0, or where the walker's carrier has one neighbor only, the
//     walk ends and the newcomer is asked to be a neighbor; at ttl = PRWL its name is kept in the passive view;
//     otherwise the walk goes on to a neighbor other than the sender. ttl is clamped to ARWL.
//     We leave the paper: the end of the walk does not add the newcomer, it sends him NEIGHBOR with low priority and
//     adds him when he accepts, then evicting at random if need be. Rationale: links are then opened only to a peer
//     that answered, so a forged name costs one message and no neighbor; and the newcomer takes as many as he has room
//     for.
//  4. A free slot is a lost neighbor: as long as active view and open requests leave a slot free, NEIGHBOR goes to a
//     random name of the passive view, with high priority if we have no neighbor at all, else low (paper, 4.3). High is
//     always accepted, by eviction if need be; low only into a free slot.
//     Who accepts moves to the active view; who refuses low stays in reserve; who refuses high, does not answer within
//     neighbor_timeout, or cannot be reached is forgotten. Who has just refused or left us is not asked again in the
//     same breath, unless we have no neighbor left.
//     We leave the paper: up to kMaxAsked requests run at once, and with at least one neighbor at most kTries are sent
//     for each vacancy and in each shuffle period. Rationale: in a network whose slots are all taken, the paper's
//     "repeat the whole procedure" would ask for ever.
//  5. A request that crosses another is no conflict: each is judged alone, and accepting a neighbor again is harmless.
//     An acceptance that finds no room left (slots have been filled meanwhile) is answered with Leave; one that comes
//     late, or was never asked for, is worth a low-priority request, no more.
//  6. LEAVE (the paper's DISCONNECT) moves the neighbor to the passive view and opens a vacancy. From anybody else it
//     means nothing.
//  7. SHUFFLE (paper, 4.4): every shuffle_period we send our own name, ka of the active and kp of the passive view on a
//     walk. Where it ends, the carrier answers the origin with as many names of its passive view as it got, and keeps
//     what it got. A full passive view gives up first what was sent to the other side, then names at random.
//     One answer is accepted for each shuffle of ours. Rationale: an unasked-for answer would be a free way to fill
//     our passive view with lies. The first deadline is drawn at random within a period, when the first neighbor comes.
//     Rationale: a million peers that start together must not shuffle in one tick.
//  8. HALF-OPEN LINKS HEAL. A message that only a neighbor may send (ForwardJoin, Shuffle, Query) from one who is none
//     is refused, counted, and answered with Leave, so that he drops us. But if we have asked him to be our neighbor,
//     it is his acceptance, overtaken by what he sent next.
//     Rationale: messages get lost and reordered, so A may have B while B does not have A. A shuffles with a random
//     neighbor each period, so such a link lives active_size periods on average, and less if it carries queries.
//     A repeated copy of a flooded query is dropped before this is asked (search/search.h, rule 1).
//     An attacker gains: one small message for one message.
//  9. ISOLATED, we ask the passive view first (rule 4), then, when it is empty, the contacts given to join(), one at a
//     time: a random one first, the next when one refuses, is lost, or is silent for neighbor_timeout. When all have
//     failed we begin again after join_retry. At most kMaxContacts are remembered; a new one replaces one at random.
// 10. After leave() we refuse and answer nothing until join() is called.
//
// AN ATTACKER GAINS, in this form of the protocol: every Join and every high-priority NEIGHBOR evicts one neighbor, so
// 1 % of attackers that repeat them own most active views within some hundred rounds (the paper assumes honest peers).
// Slots that only our own choice fills, and a passive view of keyed slots, answer that; they fit behind Views.
// What is held here: memory is bounded whatever comes, and one message in makes at most active_size + 3 out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "overlay/membership/views.h"
#include "overlay/message.h"
#include "overlay/turn.h"
#include "schema/ids.h"
#include "schema/time.h"

namespace earshot::overlay {

class Membership {
 public:
  /// Requests to be neighbors that wait for a reply at once. More: a walk's newcomer goes to the passive view.
  static constexpr std::size_t kMaxAsked = 3;
  /// Requests for each vacancy and period while there is a neighbor left. Guess: with one free slot among three names
  /// already 3 tries succeed with 70 %, and there is another period.
  static constexpr std::uint8_t kTries = 3;
  static constexpr std::size_t kMaxContacts = 4;

  /// The spans are the capacities of the views.
  Membership(std::span<PeerId> active, std::span<PeerId> passive) : views_(active, passive) {}

  /// Neighbors from the start, without a word to anybody: for fixed graphs. Upkeep begins when a message brings it.
  void seed(std::span<const PeerId> neighbors) {
    for (PeerId neighbor : neighbors) views_.make_neighbor(neighbor);
  }
  void join(Turn& turn, std::span<const PeerId> contacts);
  void leave(Turn& turn);
  void lost(Turn& turn, PeerId peer);
  void tick(Turn& turn);
  Instant next_deadline() const { return next_deadline_; }

  void receive(Turn& turn, PeerId from, const Join& message);
  void receive(Turn& turn, PeerId from, const ForwardJoin& message);
  void receive(Turn& turn, PeerId from, const Neighbor& message);
  void receive(Turn& turn, PeerId from, const NeighborReply& message);
  void receive(Turn& turn, PeerId from, const Leave& message);
  void receive(Turn& turn, PeerId from, const Shuffle& message);
  void receive(Turn& turn, PeerId from, const ShuffleReply& message);

  /// Rule 8: whether a message that only a neighbor may send may be worked on. Heals the link if not.
  bool is_from_neighbor(Turn& turn, PeerId from) {
    return views_.is_neighbor(from) || settle_with_stranger(turn, from);
  }

  std::span<const PeerId> active() const { return views_.active().peers(); }
  std::span<const PeerId> passive() const { return views_.passive().peers(); }

 private:
  enum class Reason : std::uint8_t {
    kRepair,   // to fill a free slot, rule 4
    kWelcome,  // a newcomer at the end of his walk, rule 3: he gets a slot even if one must go
    kJoin,     // a contact, rules 2 and 9
  };

  /// A request that waits for its reply.
  struct Asked {
    PeerId peer = kNoPeer;
    Reason reason = Reason::kRepair;
    bool high_priority = false;
    Instant until;
  };

  bool settle_with_stranger(Turn& turn, PeerId from);
  void accept(Turn& turn, PeerId peer);
  void evict_one(Turn& turn);
  bool drop(PeerId neighbor);
  void accepted_by(Turn& turn, PeerId peer);
  void refused_by(PeerId peer);
  void welcome(Turn& turn, PeerId newcomer);
  void ask(Turn& turn, PeerId peer, Reason reason);
  std::optional<Asked> take_asked(PeerId peer);
  bool is_asked(PeerId peer) const;
  void settle(Turn& turn, PeerId spared = kNoPeer);
  void fill_free_slots(Turn& turn, PeerId spared);
  void ask_next_contact(Turn& turn);
  void upkeep(Turn& turn);
  void shuffle(Turn& turn);
  void answer_shuffle(Turn& turn, const Shuffle& message);
  void set_deadline();

  Views views_;
  Instant next_deadline_ = kNever;
  Instant upkeep_at_ = kNever;  // next shuffle; without neighbors: when contacts are asked again
  std::array<Asked, kMaxAsked> asked_{};
  std::array<PeerId, kMaxContacts> contacts_{};
  PeerList offered_;  // passive names sent with the last shuffle
  std::uint8_t asked_count_ = 0;
  std::uint8_t contacts_count_ = 0;
  std::uint8_t contacts_tried_ = 0;  // in this round, from the front
  std::uint8_t tries_ = kTries;
  bool reply_expected_ = false;  // to our last shuffle
  bool left_ = false;
};

}  // namespace earshot::overlay
