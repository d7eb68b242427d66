// The virtual driver: carries out the effects of overlay::Peer, the protocol's real code, in simulated time. It keeps the same
// contract as the node (overlay/peer.h): time never goes back, each outbox is carried out in order and emptied before the next
// call, deadlines are met, a Lookup is answered once.
//
// The same scenario, seed and search give the same events, in the same order, on every machine, with every compiler and in
// every kind of build. The event hash says so in 16 digits: the sum, over all events, of a hash of (time, from, to, kind,
// digest of the content). Rationale for a sum: it does not depend on who counts first, so parts of a run can be counted apart;
// an order that differs within one instant shows in what follows from it.
//
// A simulation may be one part of a run that is split by ranges of peers (partition.h). Who is alive, who holds what, who asks
// and who attacks follows from the seed alone, so every part knows all of it; only messages cross from one part to another.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "overlay/effect.h"
#include "sim/event_wheel.h"
#include "sim/flight.h"
#include "sim/holdings.h"
#include "sim/hosting.h"
#include "sim/lives.h"
#include "sim/network.h"
#include "sim/population.h"
#include "sim/run_record.h"
#include "sim/scenario.h"
#include "sim/wire_mirror.h"
#include "sim/world.h"

namespace earshot::sim {

class Simulation;

/// Looks on while a run goes on, and changes nothing.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Something happens to a peer that is alive: the kind of event, and who it comes from where that is somebody.
  virtual void begins(Instant, PeerId /*self*/, EventKind, PeerId /*from*/) {}
  /// A message arrives at a peer that is alive, after begins() and before the peer works on it.
  virtual void arrives(Instant, PeerId /*from*/, PeerId /*to*/, const overlay::Message&) {}
  /// A peer has finished with something that happened to it.
  virtual void settled(Instant, PeerId, const Simulation&) {}
  /// A peer wants this done, in order, before it is done; an attacker may yet say something else.
  virtual void wants(Instant, PeerId, const overlay::Effect&) {}
  /// A look of the scenario's probe.
  virtual void sampled(const Sample&, const Simulation&) {}
  /// Asked after each event: the run ends here.
  virtual bool has_seen_enough() const { return false; }
};

class Simulation {
 public:
  struct Options {
    bool through_the_wire = false;
    Observer* observer = nullptr;         // must outlive the simulation
    std::uint32_t parts = 1;              // of the run
    std::uint32_t part = 0;               // this one
    bool apart = false;                   // the others are in other processes, so what crosses must survive the wire
  };

  /// `scenario` and `world` must outlive the simulation.
  Simulation(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed, Options options);

  /// Runs to the end: until every question is closed. Call once, and only if there is one part.
  void run() { run_before(end()); }

  /// What the run left behind. Call once, after all is run.
  RunRecord record();

  // For a run in parts, which take turns: windows no longer than lookahead().
  /// Works on every event before `limit`.
  void run_before(Instant limit);
  /// Just after the last question's time is up.
  Instant end() const { return end_; }
  /// No event of this part happens before.
  Instant next() const { return wheel_.next(); }
  /// What one part does reaches another this much later at the earliest.
  Duration lookahead() const { return network_.shortest(); }
  /// Messages for each part since the last call; they are the caller's.
  std::vector<std::vector<Crossing>>& outgoing() { return outgoing_; }
  void enter(const Crossing& crossing);

  Instant now() const { return now_; }
  /// What a peer's clock says. REQUIRES: it is one of this part.
  Instant local(PeerId peer) const { return now_ + ahead_of(peer); }
  const Population& population() const { return population_; }
  const Lives& lives() const { return lives_; }
  const Flight& flight() const { return flight_; }
  const EventWheel& wheel() const { return wheel_; }
  const Tally& tally() const { return record_.tally; }

 private:
  // simulation.cpp: messages.
  void handle(Event event);
  void deliver(Event event);
  bool waits(Event& event, Seat& seat);
  void tick(const Event& event);
  void prefetch();
  /// Carries out the outbox of a call into `self`, then its look-ups, then sets its timer.
  void settle(PeerId self);
  void carry_out(PeerId self);
  void look_up(PeerId self, const overlay::Lookup& lookup);
  void perform(PeerId self, overlay::Send& send);
  void perform(PeerId self, overlay::Lookup& lookup);
  void perform(PeerId self, overlay::Connect& connect);
  void perform(PeerId self, overlay::Disconnect& disconnect);
  void perform(PeerId self, overlay::Deliver& deliver);
  void perform(PeerId self, overlay::HostDigest& host);
  void perform(PeerId self, overlay::DropDigest& drop);
  void dispatch(Event event, const overlay::Message& message);
  void post(const Event& event);
  void lose_link(PeerId peer, PeerId gone);
  bool parted(PeerId a, PeerId b) const;
  Duration access_of(PeerId peer) const;
  void count(const Event& event);
  Duration ahead_of(PeerId peer) const { return ahead_.empty() ? Duration::zero() : ahead_[to_number(peer) - population_.range().first]; }
  void observe(EventKind kind, PeerId self, PeerId from) {
    if (options_.observer != nullptr) options_.observer->begins(now_, self, kind, from);
  }

  // happenings.cpp: what the scenario makes happen.
  void schedule();
  void start(const Event& event);
  void enter_network(PeerId peer, bool first);
  void depart(const Event& event);
  void end_session(PeerId peer, bool graceful, std::optional<Duration> away);
  void ask(const Event& event);
  PeerId origin_of(std::uint32_t question) const;
  std::uint32_t available(std::uint32_t item) const;
  void crash(const Event& event);
  void step_clocks(const Event& event);
  void deed(const Event& event);
  void prepare(PeerId peer);
  overlay::SharedDigests digests_of(PeerId owner) const;
  void offer(const Event& event);
  bool publishes(PeerId peer) const;
  std::vector<CanaryKey> canaries_for(PeerId origin, std::uint32_t question) const;
  void probe();
  const Attacker* attacker_at(const Seat& seat) const;
  Crowd crowd_of(const Seat& seat) const;
  Random attack_stream(PeerId peer, const Seat& seat) const;

  const Scenario& scenario_;
  const World& world_;
  const SearchSettings& search_;
  std::uint64_t seed_;
  Options options_;
  Roles roles_;
  Network network_;
  Population population_;
  Lives lives_;
  Holdings holdings_;
  Hosting hosting_;
  overlay::SharedDigests digests_;                   // everybody's: what one says follows from the catalogue
  std::vector<PeerId> publishers_;                   // ascending; only if those alone publish who hold what is asked for
  std::vector<std::uint8_t> attackers_;              // by peer, as Roles says; empty when there are none
  std::vector<std::vector<PeerId>> accomplices_;     // by attacker setting
  std::vector<Duration> ahead_;                      // of the peers' clocks before ours; empty where no clock steps
  std::vector<Instant> busy_until_;                  // of the peers, with earlier messages; empty where there are no classes
  bool has_access_ = false;                          // some class has an access latency
  EventWheel wheel_;
  EventWheel::Cursor seats_ahead_;
  EventWheel::Cursor memory_ahead_;
  std::uint64_t in_flight_ = 0;                      // messages
  Flight flight_;
  std::unique_ptr<WireMirror> mirror_;
  std::vector<std::vector<Crossing>> outgoing_;      // by part
  overlay::Outbox outbox_;
  std::vector<overlay::Lookup> lookups_;
  std::uint32_t hops_here_ = 0;  // of the query that is being delivered: how deep the look-up that follows is
  Instant now_{};
  Instant end_{};
  RunRecord record_;
};

/// The peers of one of several parts: equal ranges, in order.
PeerRange range_of_part(std::uint32_t peers, std::uint32_t parts, std::uint32_t part);
std::uint32_t part_of(std::uint32_t peers, std::uint32_t parts, PeerId peer);

}  // namespace earshot::sim
