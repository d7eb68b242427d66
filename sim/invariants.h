// What must hold at every peer after everything that happens to it, whatever the network does to its messages. Looks on in a
// simulation and remembers the first thing that does not hold. Attackers are not held to anything.
//
//  1. A query is worked on once: one Lookup for each id in a peer's session.
//  2. A query is passed on only while a copy of it is being worked on, with a hop more and a hop less to live; by a flood never
//     back to where the copy came from, and never twice to the same neighbour.
//  3. Hits go back on the link that the query came on first, and only for queries that passed here.
//  4. At the origin: nothing after the last delivery, no hit twice, the last delivery no later than the question's time.
//  5. Views: nobody twice, nobody in both, not oneself, no larger than configured. Who is lost is in neither.
//  6. Connect and Disconnect tell exactly who is in the active view.
//  7. One message in, at most active_size + 3 out (overlay/membership/membership.h), and a hit for each query.
//  8. After a tick the next deadline lies ahead.
//  9. Upkeep in peace stays below kUpkeep messages per peer and shuffle period.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/roles.h"
#include "sim/simulation.h"

namespace earshot::sim {

class Invariants final : public Observer {
 public:
  static constexpr double kUpkeep = 18;  // 9 in a network at rest, measured

  /// `peace`: when the faults have been over for a while.
  Invariants(const Scenario& scenario, const Roles& roles, Instant peace) : scenario_(scenario), roles_(roles), peace_(peace) {}

  /// The first thing that did not hold: when, where and what.
  const std::optional<std::string>& violation() const { return violation_; }
  /// To be asked at the end: whether a question is still open that should have been closed by then.
  void check_closed(Instant end, const Lives& lives);

  void begins(Instant now, PeerId self, EventKind kind, PeerId from) override;
  void arrives(Instant now, PeerId from, PeerId to, const overlay::Message& message) override;
  void wants(Instant now, PeerId self, const overlay::Effect& effect) override;
  void settled(Instant now, PeerId self, const Simulation& simulation) override;
  void sampled(const Sample& sample, const Simulation& simulation) override;
  bool has_seen_enough() const override { return violation_.has_value(); }

 private:
  using Id = std::pair<std::uint64_t, std::uint64_t>;

  /// A query at a peer.
  struct Seen {
    PeerId link = kNoPeer;           // where it came from first
    std::set<PeerId> sent_to;
  };
  /// A query at its origin.
  struct Own {
    Instant asked{};
    bool closed = false;
    std::set<std::pair<PeerId, std::uint64_t>> hits;
  };
  /// A peer since it joined.
  struct Session {
    std::map<Id, Seen> seen;
    std::map<Id, Own> own;
    std::set<PeerId> connected;
  };
  /// What is happening to a peer right now.
  struct Turn {
    EventKind kind = EventKind::kProbe;
    PeerId from = kNoPeer;
    std::optional<overlay::Query> query;
    std::size_t sends = 0;
  };

  void check(Instant now, PeerId self, const overlay::Send& send);
  void check(Instant now, PeerId self, const overlay::Lookup& lookup);
  void check(Instant now, PeerId self, const overlay::Connect& connect);
  void check(Instant now, PeerId self, const overlay::Disconnect& disconnect);
  void check(Instant now, PeerId self, const overlay::Deliver& deliver);
  // What is hosted is the driver's to bound; a digest may come, be renewed and go at any time.
  void check(Instant, PeerId, const overlay::HostDigest&) {}
  void check(Instant, PeerId, const overlay::DropDigest&) {}
  void check(Instant, PeerId, const overlay::Open&) {}
  void check(Instant now, PeerId self, const overlay::Ban& ban);
  void check_query(Instant now, PeerId self, PeerId to, const overlay::Query& query);
  void check_turn(Instant now, const Seat& seat, Instant local);
  void check_views(Instant now, const overlay::Peer& peer);
  void broken(Instant now, PeerId self, std::string_view what);
  bool exempt(PeerId peer) const { return violation_ || roles_.attacker_of(peer) != 0; }

  const Scenario& scenario_;
  const Roles& roles_;
  Instant peace_;
  std::map<PeerId, Session> sessions_;
  Turn turn_;
  std::optional<Sample> last_sample_;
  std::optional<std::string> violation_;
};

}  // namespace earshot::sim
