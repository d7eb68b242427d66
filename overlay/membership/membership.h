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
//     accepted by eviction if need be; low only into a free slot.
//     Who accepts moves to the active view; who refuses low stays in reserve; who refuses high, does not answer within
//     neighbor_timeout, or cannot be reached is forgotten. Who has just refused or left us is not asked again in the
//     same breath, unless we have no neighbor left.
//     We leave the paper twice.
//     Up to kMaxAsked requests run at once, and with at least one neighbor at most kTries that are answered are sent for
//     each vacancy and in each shuffle period. Rationale: in a network whose slots are all taken, the paper's "repeat
//     the whole procedure" would ask for ever. Who cannot be reached does not count: he is forgotten, so these end by
//     themselves, and after a crash of 90 % they are nine in ten (10 s after it, 10,000 peers, 8 seeds: 3.9 neighbors
//     instead of 2.6). An attacker gains: while we have a slot free we try each dead name once that he told us, at most
//     limits::kMaxShuffle of them for one message of his.
//     High priority evicts at most kEvictions times in each shuffle period, then it is refused. Rationale: a peer that
//     lives in peace is asked so 0.1 times a period (rule 11), and who is alone has other names and his contacts.
//  5. A request that crosses another is no conflict: each is judged alone, and accepting a neighbor again is harmless.
//     An acceptance that finds no room left (slots have been filled meanwhile) is answered with Leave; one that comes
//     late, or was never asked for, is worth a low-priority request, no more.
//  6. LEAVE (the paper's DISCONNECT) moves the neighbor to the passive view and opens a vacancy. From anybody else it
//     means nothing.
//  7. SHUFFLE (paper, 4.4): every shuffle_period, less often in peace (rule 13), we send our own name, ka of the active and kp of the passive view on a
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
// 11. REWIRE, which is not in the paper: one shuffle in kRewireOneIn, at random, and the first one after we had no
//     neighbor, also asks a random name from outside to be our neighbor, with high priority although our slots may be
//     taken: one time in kContactOneIn a contact, else a name of the passive view. When it accepts, we evict at random.
//     Who refuses stays in reserve.
//     Rationale: without it a network falls into islands that never meet. When many join within one latency, contacts
//     evict those whose only tie to the rest they were. Each piece fills its slots within itself; then nobody in it is
//     isolated (rule 9), whom it asks outside has no free slot either (rule 4), and its shuffles stay inside (rule 7).
//     But it knows names outside: who evicts and who is evicted keep each other, and contacts are remembered. So only a
//     link between two full views can join islands, and it must be asked for. Contacts are asked because they outlast a
//     partition: what the passive view knew of the other side fades within some minutes.
//     Measured, 10,000 peers that join 20 us apart, largest component 60 s later, 8 seeds: 53 % without, 100 % with.
//     The first shuffle rewires always because chance alone left a dozen outside in 3 of 80 such runs.
//     Two other ways were tried: to free a slot and fill it with low priority (29 to 98 %: the others are still full), and
//     a second Join through a contact (100 %, at three times the messages, and no help to who is parted later).
//     An attacker gains: who holds a share of our passive view gets that share of one slot each kRewireOneIn periods,
//     where before he had to wait for a vacancy. He cannot evict by it faster than by what rule 4 grants to all.
//     Cost: a request, its answer, two Leaves, and two peers that ask around for a new neighbor, 18 messages in all. That
//     makes 11 per peer and minute on top of 42 in a network at rest, where views are 4.9 of 5 full. Nothing repeats
//     within a period, so there is no storm.
//
// 12. SPLIT VIEWS (Config::outbound_size > 0), against those who would fill a view with themselves. Not in the paper.
//     a. Outbound slots are filled only by peers that we picked from our passive view (rules 4, 9 and 11); whoever asks us (JOIN, NEIGHBOR,
//        the end of a newcomer's walk) gets one of the others, and evicts only from these.
//     b. JOIN evicts as seldom as a request of high priority, kEvictions times a period for both; then it is refused, and names
//        from our passive view go with the refusal. It starts at most kWalks walks.
//     c. We ask with high priority. When one whom we chose leaves us, we leave another one every second time, drawn at random:
//        honest peers are pressed to evict, attackers never do, and without it they would be all that stays.
//     d. A name has one place in the passive view, by a secret hash of its address group, and of all names for a place that are heard of
//        the one with the lowest secret hash keeps it. Rationale: however often names are repeated to us, a place goes to each of
//        them with equal chance, so attackers have the share of the view that they have of the names; and k address groups
//        have k places at most. (Bitcoin's addrman has the places, Brahms, Bortnikov et al. 2009, the lowest hash.)
//     e. Who refuses stays in reserve, although rule 4 would forget him: he is alive, and where everybody asks with high priority it is
//        the honest who refuse. Without it what attackers cannot take is forgotten, until a peer knows nobody but them (the figures
//        of this and of f stand in sim/scenarios/eclipse.toml).
//     f. A feeler a period: a LEAVE, which means nothing, to a name from the passive view. Who cannot be reached is forgotten one time in
//        kAbsences, which takes hours, and a neighbor that is lost stays in reserve; only who has lost half of his slots forgets at
//        once. Rationale: people come back, attackers never go; whoever forgets the absent is left with attackers.
//     What remains for an attacker: the inbound slots, and outbound ones by his share of the names.
//
// 13. PEACE, not in the paper: while the passive view is three quarters full each period is twice as long as the one before, from
//     shuffle_period to calm_period. A lost or a first neighbor makes it shuffle_period again, and brings the next shuffle within it;
//     who leaves with a word does not: he is still there, and his vacancy allows new tries (rule 4).
//     Rationale: shuffles repair, and most of the time nothing is broken. Who knows few names has not mixed yet: with periods that
//     grow from the start, 99.4 % instead of 99.99 % hang together 50 s after a crash of 90 %, a minute after a storm. With the period
//     grows the share of the rewirings that go to contacts, so that these are asked about as often as before: they alone join two
//     parts that have lived apart until each was at peace.
//     Measured: join_storm.toml, its crash of 90 % and parting.toml are what they were; upkeep in peace falls from 54 to 14 messages a minute.
//     An attacker gains: a neighbor who leaves without a word costs us 6 shuffles a minute for a while, as many as before.
//
// AN ATTACKER GAINS where views are not split: every Join evicts one neighbor, so 1 % of attackers that repeat them
// own most active views within some hundred rounds (the paper assumes honest peers). Rule 12 answers that.
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
  /// Evictions for high priority in a period. Honest peers ask so 0.1 times, and once each in the period after a storm
  /// of joins: more than 2 then come to one peer in twelve (Poisson), and who is refused has other names.
  static constexpr std::uint8_t kEvictions = 2;
  /// At random one in ten: an island of 6 peers reaches out every 17 s, and each peer gives up a tie every 50 s.
  static constexpr std::uint32_t kRewireOneIn = 10;
  /// Of the rewirings, those that go to a contact: a half of n peers that was parted asks one every 1,600 s / n, and a
  /// contact that a million peers share is asked 625 times a second (joining once an hour, they ask it 280 times).
  static constexpr std::uint32_t kContactOneIn = 16;

  /// Rule 12.
  static constexpr std::size_t kWalks = 4;
  static constexpr std::uint32_t kAbsences = 8;

  /// The spans are the capacities of the views.
  Membership(std::span<PeerId> active, std::span<PeerId> passive, std::span<PeerId> outbound)
      : views_(active, passive, outbound) {}

  /// Neighbors from the start, without a word to anybody: for fixed graphs. Upkeep begins when a message brings it.
  void seed(std::span<const PeerId> neighbors) {
    for (PeerId neighbor : neighbors) views_.make_neighbor(neighbor, /*outbound=*/false);
  }
  void join(Turn& turn, std::span<const PeerId> contacts);
  void leave(Turn& turn);
  /// `for_good`: nothing is kept of him.
  void lost(Turn& turn, PeerId peer, bool for_good = false);
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
    kRewire,   // to tie us to peers further off, rule 11: he gets a slot even if one must go
  };

  /// A request that waits for its reply.
  struct Asked {
    PeerId peer = kNoPeer;
    Reason reason = Reason::kRepair;
    bool high_priority = false;
    Instant until;
  };

  bool settle_with_stranger(Turn& turn, PeerId from);
  void keep(Turn& turn, PeerId peer, std::span<const PeerId> expendable = {});
  void accept(Turn& turn, PeerId peer, bool outbound);
  void evict_one(Turn& turn, bool outbound);
  bool may_evict() const { return evictions_ < kEvictions; }
  std::size_t asked_outbound() const;
  void join_split(Turn& turn, PeerId from);
  void feel(Turn& turn);
  bool drop(PeerId neighbor);
  void accepted_by(Turn& turn, PeerId peer);
  void refused_by(PeerId peer);
  bool outlasts_absence(Turn& turn);
  void unanswered(const Asked& asked);
  void welcome(Turn& turn, PeerId newcomer);
  void ask(Turn& turn, PeerId peer, Reason reason);
  std::optional<Asked> take_asked(PeerId peer);
  bool is_asked(PeerId peer) const;
  void settle(Turn& turn, PeerId spared = kNoPeer);
  void fill_free_slots(Turn& turn, PeerId spared);
  void ask_next_contact(Turn& turn);
  void upkeep(Turn& turn);
  void begin_unrest(Turn& turn);
  void shuffle(Turn& turn);
  void rewire(Turn& turn);
  PeerList names_for(Turn& turn, PeerId reader, std::size_t count);
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
  std::uint8_t evictions_ = 0;   // for high priority, in this period
  std::uint8_t calm_ = 0;        // how often the period has doubled
  bool reply_expected_ = false;  // to our last shuffle
  bool rewire_due_ : 1 = false;  // the first shuffle after we had no neighbor
  bool left_ : 1 = false;
};

}  // namespace earshot::overlay
