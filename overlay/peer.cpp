// The entry point: hands each call to the part that it concerns.
#include "overlay/peer.h"

#include <optional>
#include <type_traits>
#include <utility>

#include "schema/check.h"

namespace earshot::overlay {

Peer::Peer(PeerId self, const Config& config, Random random, Memory memory)
    : search_(self, memory.seen, SipKey{random.next(), random.next()}),
      config_(&config),
      random_(random),
      membership_(memory.active.first(config.active_size), memory.passive.first(config.passive_size),
                  memory.outbound.first(config.outbound_size)),
      ledger_(memory.ledger) {
  EARSHOT_CHECK(validate(config));
}

Peer::Peer(PeerId self, const Config& config, Random random, Memory memory, std::span<const PeerId> neighbors)
    : search_(self, memory.seen, SipKey{random.next(), random.next()}),
      config_(&config),
      random_(random),
      membership_(memory.active.first(neighbors.size()), {}, {}),
      ledger_(memory.ledger) {
  EARSHOT_CHECK(validate(config));
  membership_.seed(neighbors);
}

void Peer::receive(Instant now, PeerId from, const Message& message, Outbox& out) {
  if (from == self() || from == kNoPeer) return;
  Turn turn = this->turn(now, out);
  if (ledger_ != nullptr && !admits(turn, from, message)) {
    ++counters_.refused;
    part_if_due(turn, from);
    return;
  }
  std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Query>) {
          const auto sighting = search_.sight(turn, from, body);
          if (!sighting || !(body.direct || membership_.is_from_neighbor(turn, from))) return;
          search_.receive(turn, from, body, *sighting, membership_.active());
        } else if constexpr (std::is_same_v<Body, Hits>) {
          search_.receive(turn, from, body);
        } else if constexpr (std::is_same_v<Body, Publish>) {
          if (!membership_.is_from_neighbor(turn, from)) return;
          publisher_.receive(turn, from, body, membership_.active(), search_.seen());
        } else if constexpr (std::is_same_v<Body, Estimate>) {
          if (!membership_.is_from_neighbor(turn, from)) return;
          estimates_.receive(turn, from, body, membership_.active().size());
        } else {
          membership_.receive(turn, from, body);
        }
      },
      message);
  if (ledger_ != nullptr) part_if_due(turn, from);
}

/// What a link may bring no more of is dropped before it costs anything.
bool Peer::admits(Turn& turn, PeerId from, const Message& message) {
  if (std::holds_alternative<Query>(message)) return ledger_->admits_query(turn.now, from, config_->queries_per_s);
  if (const Hits* const hits = std::get_if<Hits>(&message)) return ledger_->admits_box(turn.now, from, hits->id);
  return true;
}

void Peer::part_if_due(Turn& turn, PeerId peer) {
  const std::optional<Deed> why = ledger_->due_for_ban(peer);
  if (!why) return;
  turn.out.emplace_back(Ban{peer, *why, Ledger::kBanTime});
  membership_.lost(turn, peer, /*for_good=*/true);
}

void Peer::blame(Instant now, PeerId peer, Outbox& out) {
  if (ledger_ == nullptr) return;
  Turn turn = this->turn(now, out);
  ledger_->note(now, peer, Deed::kMalformed);
  part_if_due(turn, peer);
}

void Peer::answer(Instant now, const Lookup& lookup, const Found& found, const Hosted& hosted, Outbox& out) {
  Turn turn = this->turn(now, out);
  search_.answer(turn, lookup, found, lookup.hosted ? hosted : Hosted{});
}

void Peer::opened(Instant now, const Open& box, std::span<const Hit> hits, Outbox& out) {
  Turn turn = this->turn(now, out);
  search_.opened(turn, box, hits);
  if (ledger_ != nullptr) part_if_due(turn, box.from);
}

void Peer::publish(Instant now, SharedDigests digests, Outbox& out) {
  Turn turn = this->turn(now, out);
  publisher_.publish(turn, std::move(digests));
  set_rounds();
}

void Peer::lost(Instant now, PeerId peer, Outbox& out) {
  Turn turn = this->turn(now, out);
  membership_.lost(turn, peer);
  search_.lost(turn, peer);
}

void Peer::tick(Instant now, Outbox& out) {
  Turn turn = this->turn(now, out);
  membership_.tick(turn);
  search_.tick(turn, membership_.active());
  publisher_.tick(turn, membership_.active(), search_.seen());
  estimates_.tick(turn, membership_.active());
  set_rounds();
}

void Peer::join(Instant now, std::span<const PeerId> contacts, Outbox& out) {
  Turn turn = this->turn(now, out);
  membership_.join(turn, contacts);
  estimates_.start(turn);
  set_rounds();
}

QueryId Peer::ask(Instant now, SearchRequest request, Outbox& out) {
  Turn turn = this->turn(now, out);
  const Strategy* const strategy = strategy_of(request.strategy, *config_);
  EARSHOT_CHECK(strategy != nullptr && validate(request));
  return search_.ask(turn, std::move(request), *strategy, membership_.active());
}

void Peer::cancel(Instant now, const QueryId& id, Outbox& out) {
  Turn turn = this->turn(now, out);
  search_.cancel(turn, id);
}

void Peer::leave(Instant now, Outbox& out) {
  Turn turn = this->turn(now, out);
  membership_.leave(turn);
  estimates_.stop();
  set_rounds();
}

void Peer::set_rounds() { rounds_at_ = std::min(estimates_.next_deadline(), publisher_.next_deadline()); }

Turn Peer::turn(Instant now, Outbox& out) {
  return Turn{now, self(), *config_, estimates_.view(), random_, counters_, estimates_.meetings(), out, ledger_, &search_.seen()};
}

}  // namespace earshot::overlay
