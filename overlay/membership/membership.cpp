// HyParView; the rules stand in membership.h and are named by their numbers here.
#include "overlay/membership/membership.h"

#include <algorithm>
#include <utility>

#include "overlay/membership/address_groups.h"
#include "overlay/planted.h"
#include "overlay/search/seen_queries.h"
#include "schema/limits.h"

namespace earshot::overlay {

void Membership::join(Turn& turn, std::span<const PeerId> contacts) {
  left_ = false;
  for (PeerId contact : contacts) {
    const auto end = contacts_.begin() + contacts_count_;
    if (contact == turn.self || contact == kNoPeer || std::find(contacts_.begin(), end, contact) != end) continue;
    const std::size_t slot = contacts_count_ < kMaxContacts ? contacts_count_++ : turn.random.below(kMaxContacts);
    contacts_[slot] = contact;
  }
  turn.random.shuffle(std::span(contacts_).first(contacts_count_));
  contacts_tried_ = 0;
  if (views_.active().empty()) upkeep_at_ = kNever;
  ask_next_contact(turn);
  settle(turn);
}

void Membership::leave(Turn& turn) {
  for (PeerId neighbor : views_.active().peers()) {
    turn.send(neighbor, Leave{});
    turn.out.emplace_back(Disconnect{neighbor});
  }
  views_.drop_neighbors();
  asked_count_ = 0;
  reply_expected_ = false;
  upkeep_at_ = next_deadline_ = kNever;
  left_ = true;
}

void Membership::lost(Turn& turn, PeerId peer, bool for_good) {
  const bool was_neighbor = !planted(Bug::kKeepsTheLost) && drop(peer);
  const std::optional<Asked> asked = take_asked(peer);
  const bool stays = !for_good && outlasts_absence(turn);
  if (asked && !stays) unanswered(*asked);
  if (was_neighbor && !views_.active().empty()) begin_unrest(turn);
  const bool was_kept = !stays && views_.forget(peer);
  if (was_neighbor && stays) keep(turn, peer);
  if (was_neighbor || asked || was_kept) settle(turn);
}

void Membership::tick(Turn& turn) {
  if (turn.now < next_deadline_) return;
  for (std::size_t i = asked_count_; i-- > 0;) {
    if (asked_[i].until > turn.now) continue;
    if (!outlasts_absence(turn)) {
      views_.forget(asked_[i].peer);
      unanswered(asked_[i]);
    }
    asked_[i] = asked_[--asked_count_];
  }
  if (upkeep_at_ <= turn.now) upkeep(turn);
  settle(turn);
}

void Membership::receive(Turn& turn, PeerId from, const Join&) {
  if (views_.is_split() && !left_) return join_split(turn, from);
  if (!left_ && !views_.is_neighbor(from)) accept(turn, from, /*outbound=*/false);
  turn.send(from, NeighborReply{/*accepted=*/!left_});
  if (left_) return;
  for (PeerId neighbor : views_.active().peers()) {
    if (neighbor == from) continue;
    turn.send(neighbor, ForwardJoin{from, turn.config.active_walk});
    if (planted(Bug::kForwardsTwice)) turn.send(neighbor, ForwardJoin{from, turn.config.active_walk});
  }
  settle(turn);
}

/// Rule 12 b.
void Membership::join_split(Turn& turn, PeerId from) {
  const bool known = views_.is_neighbor(from), has_room = views_.has_room(/*outbound=*/false);
  const bool accepted = known || has_room || may_evict();
  if (accepted && !known) {
    if (!has_room) ++evictions_;
    accept(turn, from, /*outbound=*/false);
  }
  turn.send(from, NeighborReply{accepted});
  const PeerList names = accepted ? PeerList() : names_for(turn, from, limits::kMaxShuffle);
  if (names.size() > 0) turn.send(from, ShuffleReply{names});
  for (PeerId neighbor : views_.sample_active(turn.random, kWalks)) {
    if (neighbor != from) turn.send(neighbor, ForwardJoin{from, turn.config.active_walk});
  }
  settle(turn);
}

void Membership::receive(Turn& turn, PeerId from, const ForwardJoin& message) {
  const PeerId newcomer = message.newcomer;
  if (!is_from_neighbor(turn, from) || newcomer == turn.self) return;
  const std::uint8_t ttl = std::min(message.ttl, turn.config.active_walk);
  const std::optional<PeerId> next = views_.neighbor_except(from, newcomer, turn.random);
  if (ttl == 0 || !next) {
    welcome(turn, newcomer);
    return;
  }
  if (ttl == turn.config.passive_walk) keep(turn, newcomer);
  turn.send(*next, ForwardJoin{newcomer, static_cast<std::uint8_t>(ttl - 1)});
}

void Membership::receive(Turn& turn, PeerId from, const Neighbor& message) {
  const bool known = views_.is_neighbor(from);
  const bool has_room = views_.has_room(/*outbound=*/false);
  const bool accepted = !left_ && (known || has_room || (message.high_priority && may_evict()));
  if (accepted && !known) {
    if (!has_room) ++evictions_;
    accept(turn, from, /*outbound=*/false);
  }
  turn.send(from, NeighborReply{accepted});
  settle(turn);
}

void Membership::receive(Turn& turn, PeerId from, const NeighborReply& message) {
  if (left_) {
    if (message.accepted) turn.send(from, Leave{});
    return;
  }
  if (message.accepted) {
    accepted_by(turn, from);
  } else {
    refused_by(from);
  }
  settle(turn, /*spared=*/from);
}

void Membership::receive(Turn& turn, PeerId from, const Leave&) {
  const bool chosen = views_.outbound().contains(from);
  if (!planted(Bug::kKeepsTheLeaver) && !drop(from)) return;
  if (chosen && !views_.outbound().empty() && turn.random.below(2) == 0) evict_one(turn, /*outbound=*/true);
  turn.out.emplace_back(Disconnect{from});
  keep(turn, from);
  settle(turn, /*spared=*/from);
}

void Membership::receive(Turn& turn, PeerId from, const Shuffle& message) {
  if (!is_from_neighbor(turn, from) || message.origin == turn.self || message.origin == kNoPeer) return;
  const std::uint8_t ttl = std::min(message.ttl, turn.config.shuffle_walk);
  const std::optional<PeerId> next = views_.neighbor_except(from, message.origin, turn.random);
  if (ttl > 1 && next) {
    turn.send(*next, Shuffle{message.origin, static_cast<std::uint8_t>(ttl - 1), message.peers});
    return;
  }
  answer_shuffle(turn, message);
}

void Membership::receive(Turn& turn, PeerId, const ShuffleReply& message) {
  if (!std::exchange(reply_expected_, false)) return;
  for (PeerId peer : message.peers) keep(turn, peer, {offered_.begin(), offered_.end()});
  settle(turn);
}

/// True when `from` turns out to be a neighbor: we asked, and this message says that he accepted.
bool Membership::settle_with_stranger(Turn& turn, PeerId from) {
  if (is_asked(from)) {
    accepted_by(turn, from);
    settle(turn);
    return views_.is_neighbor(from);
  }
  ++turn.counters.refused;
  if (!left_) turn.send(from, Leave{});
  return false;
}

/// Rules 7 and 12 d.
void Membership::keep(Turn& turn, PeerId peer, std::span<const PeerId> expendable) {
  if (!views_.is_split()) return views_.keep(turn.self, peer, expendable, turn.random);
  const AddressGroups* const groups = turn.config.groups;
  const auto place_of = [&](PeerId one) {
    const std::uint64_t group = groups == nullptr ? to_number(one) : groups->group_of(one);
    return turn.keys->keyed(group ^ std::uint64_t{1} << 62) % views_.passive().capacity();
  };
  const auto rank_of = [&](PeerId one) { return turn.keys->keyed(to_number(one) | std::uint64_t{1} << 61); };
  views_.keep_ranked(turn.self, peer, place_of, rank_of);
}

/// REQUIRES: no neighbor yet.
void Membership::accept(Turn& turn, PeerId peer, bool outbound) {
  take_asked(peer);
  if (!views_.has_room(outbound)) evict_one(turn, outbound);
  if (views_.active().empty()) {
    upkeep_at_ = kNever;
    begin_unrest(turn);
    rewire_due_ = true;
  }
  views_.make_neighbor(peer, outbound);
  turn.out.emplace_back(Connect{peer});
}

void Membership::evict_one(Turn& turn, bool outbound) {
  const PeerId evicted = views_.random_neighbor(outbound, turn.random);
  drop(evicted);
  turn.send(evicted, Leave{});
  if (!planted(Bug::kSilentEviction)) turn.out.emplace_back(Disconnect{evicted});
  keep(turn, evicted);
}

/// False when he is no neighbor. A vacancy allows new tries, and losing the last neighbor begins a round of contacts.
bool Membership::drop(PeerId neighbor) {
  if (!views_.drop_neighbor(neighbor)) return false;
  tries_ = kTries;
  if (views_.active().empty()) {
    upkeep_at_ = kNever;
    contacts_tried_ = 0;
  }
  return true;
}

/// Rules 3 to 5: a promised slot is made free, any other must be free.
void Membership::accepted_by(Turn& turn, PeerId peer) {
  const std::optional<Asked> asked = take_asked(peer);
  if (views_.is_neighbor(peer)) return;
  const bool promised = asked && asked->reason != Reason::kRepair;
  const bool outbound = asked && asked->reason != Reason::kWelcome;
  if (promised || views_.has_room(outbound)) {
    if (views_.is_split() && tries_ < kTries) ++tries_;  // eight slots are not filled with three tries
    accept(turn, peer, outbound);
  } else {
    turn.send(peer, Leave{});
  }
}

void Membership::refused_by(PeerId peer) {
  const std::optional<Asked> asked = take_asked(peer);
  if (asked && asked->reason == Reason::kRepair && asked->high_priority && !views_.is_split()) views_.forget(peer);
}

/// Rule 12 f: whether the name of one who cannot be reached stays.
bool Membership::outlasts_absence(Turn& turn) {
  const bool in_need = views_.active().size() * 2 < views_.active().capacity();
  return views_.is_split() && !in_need && turn.random.below(kAbsences) != 0;
}

/// Rule 4: who cannot be reached does not count as a try.
void Membership::unanswered(const Asked& asked) {
  if (asked.reason == Reason::kRepair && tries_ < kTries) ++tries_;
}

void Membership::welcome(Turn& turn, PeerId newcomer) {
  if (views_.is_neighbor(newcomer) || is_asked(newcomer)) return;
  if (asked_count_ == kMaxAsked) {
    keep(turn, newcomer);
    return;
  }
  ask(turn, newcomer, Reason::kWelcome);
  set_deadline();
}

/// REQUIRES: fewer than kMaxAsked are asked.
void Membership::ask(Turn& turn, PeerId peer, Reason reason) {
  const bool isolated = views_.active().empty();
  const bool high_priority = reason == Reason::kRewire || (reason == Reason::kRepair && (isolated || views_.is_split()));
  asked_[asked_count_++] = {peer, reason, high_priority, turn.now + turn.config.neighbor_timeout};
  if (reason == Reason::kJoin) {
    reply_expected_ = reply_expected_ || views_.is_split();
    turn.send(peer, Join{});
  } else {
    turn.send(peer, Neighbor{high_priority});
  }
}

std::optional<Membership::Asked> Membership::take_asked(PeerId peer) {
  for (std::size_t i = 0; i < asked_count_; ++i) {
    if (asked_[i].peer != peer) continue;
    const Asked taken = asked_[i];
    asked_[i] = asked_[--asked_count_];
    return taken;
  }
  return std::nullopt;
}

std::size_t Membership::asked_outbound() const {
  return static_cast<std::size_t>(std::count_if(asked_.begin(), asked_.begin() + asked_count_,
                                                [](const Asked& asked) { return asked.reason != Reason::kWelcome; }));
}

bool Membership::is_asked(PeerId peer) const {
  return std::any_of(asked_.begin(), asked_.begin() + asked_count_, [=](const Asked& a) { return a.peer == peer; });
}

/// Brings the timer and the requests in line with the views, after anything that may have changed them. `spared` is not
/// asked at once (rule 4).
void Membership::settle(Turn& turn, PeerId spared) {
  if (left_) return;
  fill_free_slots(turn, spared);
  if (views_.active().empty() && asked_count_ == 0) {
    ask_next_contact(turn);
    const bool round_is_over = asked_count_ == 0 && contacts_count_ > 0 && !planted(Bug::kNoSecondRound);
    if (round_is_over && upkeep_at_ == kNever) upkeep_at_ = turn.now + turn.config.join_retry;
  }
  set_deadline();
}

void Membership::fill_free_slots(Turn& turn, PeerId spared) {
  const auto is_free = [this] {
    if (views_.is_split()) return views_.outbound().size() + asked_outbound() < views_.outbound().capacity();
    return views_.active().size() + asked_count_ < views_.active().capacity();
  };
  while (is_free() && asked_count_ < kMaxAsked) {
    const bool isolated = views_.active().empty();
    if (!isolated && tries_ == 0) return;
    const std::optional<PeerId> candidate = views_.passive().pick(
        turn.random, [&](PeerId peer) { return !is_asked(peer) && (isolated || peer != spared); });
    if (!candidate) return;
    if (!isolated) --tries_;
    ask(turn, *candidate, Reason::kRepair);
  }
}

/// The next contact of this round that is neither a neighbor nor asked already, if there is one.
void Membership::ask_next_contact(Turn& turn) {
  if (asked_count_ == kMaxAsked) return;
  while (contacts_tried_ < contacts_count_) {
    const PeerId contact = contacts_[contacts_tried_++];
    if (views_.is_neighbor(contact) || is_asked(contact)) continue;
    ask(turn, contact, Reason::kJoin);
    return;
  }
}

/// Rule 13. The next shuffle at a moment of our own: many lose a neighbor at once.
void Membership::begin_unrest(Turn& turn) {
  const auto period = static_cast<std::uint64_t>(turn.config.shuffle_period.count());
  upkeep_at_ = std::min(upkeep_at_, turn.now + Duration(1 + turn.random.below(period)));
  calm_ = 0;
}

/// REQUIRES: its time has come. With neighbors a shuffle (rules 7 and 11), without any a new round of contacts (rule 9).
void Membership::upkeep(Turn& turn) {
  tries_ = kTries;
  evictions_ = 0;
  if (views_.active().empty()) {
    upkeep_at_ = kNever;
    contacts_tried_ = 0;
  } else {
    const Duration longest = std::max(turn.config.calm_period, turn.config.shuffle_period);
    const Duration period = std::min(turn.config.shuffle_period * (1 << calm_), longest);
    const bool knows_many = views_.passive().size() * 4 >= views_.passive().capacity() * 3;
    if (knows_many && period < longest) ++calm_;
    upkeep_at_ = turn.now + (planted(Bug::kShufflesTooOften) ? turn.config.shuffle_period / 8 : period);
    if (planted(Bug::kStaysDue)) upkeep_at_ = turn.now;
    shuffle(turn);
    if (views_.is_split()) feel(turn);
    if (planted(Bug::kNeverRewires)) return;
    if (rewire_due_ || turn.random.below(kRewireOneIn) == 0) rewire(turn);
  }
}

/// REQUIRES: there is a neighbor.
void Membership::shuffle(Turn& turn) {
  Shuffle message{turn.self, turn.config.shuffle_walk, {}};
  offered_ = {};
  const PeerId to = views_.random_neighbor(turn.random);
  for (PeerId peer : views_.sample_active(turn.random, turn.config.shuffle_active)) {
    if (!message.peers.full()) message.peers.push_back(peer);
  }
  for (PeerId peer : views_.sample_passive(turn.random, turn.config.shuffle_passive)) {
    if (message.peers.full()) break;
    message.peers.push_back(peer);
    offered_.push_back(peer);
  }
  reply_expected_ = true;
  turn.send(to, message);
}

/// Rule 11. A draw that meets someone whom we have or ask already comes to nothing.
void Membership::rewire(Turn& turn) {
  const std::span<const PeerId> contacts = std::span(contacts_).first(contacts_count_);
  const bool to_contact = views_.passive().empty() || turn.random.below(kContactOneIn) < (1u << calm_);
  const std::span<const PeerId> names = to_contact ? contacts : views_.passive().peers();
  if (names.empty() || asked_count_ == kMaxAsked) return;
  const PeerId peer = names[turn.random.below(names.size())];
  if (views_.is_neighbor(peer) || is_asked(peer)) return;
  rewire_due_ = false;
  ask(turn, peer, Reason::kRewire);
}

/// Rule 12 e.
void Membership::feel(Turn& turn) {
  const std::optional<PeerId> name = views_.passive().pick(turn.random, [this](PeerId peer) { return !is_asked(peer); });
  if (name) turn.send(*name, Leave{});
}

/// Up to so many of the passive view.
PeerList Membership::names_for(Turn& turn, PeerId reader, std::size_t count) {
  PeerList names;
  for (PeerId peer : views_.sample_passive(turn.random, count)) {
    if (!names.full() && peer != reader) names.push_back(peer);
  }
  return names;
}

void Membership::answer_shuffle(Turn& turn, const Shuffle& message) {
  const ShuffleReply reply{names_for(turn, message.origin, message.peers.size() + 1)};
  const std::span<const PeerId> sent(reply.peers.begin(), reply.peers.size());
  keep(turn, message.origin, sent);
  for (PeerId peer : message.peers) keep(turn, peer, sent);
  if (reply.peers.size() > 0) turn.send(message.origin, reply);
  settle(turn);
}

void Membership::set_deadline() {
  next_deadline_ = upkeep_at_;
  for (std::size_t i = 0; i < asked_count_; ++i) next_deadline_ = std::min(next_deadline_, asked_[i].until);
}

}  // namespace earshot::overlay
