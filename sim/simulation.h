// The virtual driver: carries out the effects of overlay::Peer, the protocol's real code, in simulated time. It keeps the same
// contract as the node (overlay/peer.h): time never goes back, each outbox is carried out in order and emptied before the next
// call, deadlines are met, a Lookup is answered once.
//
// The same scenario, seed and search give the same events, in the same order, on every machine, with every compiler and in
// every kind of build. The event hash says so in 16 digits: the sum, over all events, of a hash of (time, from, to, kind,
// digest of the content). Rationale for a sum: it does not depend on who counts first, so parts of a run can be counted apart;
// an order that differs within one instant shows in what follows from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "overlay/effect.h"
#include "sim/event_wheel.h"
#include "sim/flight.h"
#include "sim/network.h"
#include "sim/population.h"
#include "sim/scenario.h"
#include "sim/wire_mirror.h"
#include "sim/world.h"

namespace earshot::sim {

/// What one run left behind; results.h makes tables of it.
struct RunRecord {
  std::uint64_t seed = 0;
  std::string search;
  std::string strategy;
  std::uint32_t peers = 0;
  std::uint32_t alive = 0;               // at the end
  std::vector<QueryTrack> queries;       // in the order of the workload; those whose origin had died are missing
  std::vector<std::uint32_t> copies;     // of the item of each of `queries`, own library not counted
  std::uint64_t events = 0;
  std::uint64_t event_hash = 0;
  std::uint64_t messages = 0;            // sent, of every kind
  std::uint64_t membership_messages = 0; // of these: neither query nor hits
  std::uint64_t lost = 0;                // messages lost on the way or sent to the dead
  std::uint64_t duplicates = 0;          // copies of queries that a peer had seen before
  std::uint64_t links = 0;               // entries of all active views at the end
  std::uint32_t largest_component = 0;   // peers that hang together at the end
  std::uint64_t population_bytes = 0;
  std::uint64_t flight_bytes = 0;        // the wheel and what is in flight, at its fullest
  std::uint64_t wire_frames = 0;         // only through the wire
  std::uint64_t wire_bytes = 0;
  Duration simulated{};                  // when the last event happened
};

class Simulation {
 public:
  struct Options {
    bool through_the_wire = false;
  };

  /// `scenario` and `world` must outlive the simulation.
  Simulation(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed, Options options);

  /// Runs to the end: until every question is closed. Call once.
  void run();

  /// What the run left behind. Call once, after run().
  RunRecord record();

 private:
  void schedule();
  void handle(const Event& event);
  void deliver(const Event& event);
  void start(PeerId peer);
  void ask(PeerId peer, std::uint32_t question);
  void tick(const Event& event);
  void crash(std::uint32_t number);
  void notice_dead_neighbors(PeerId peer);
  void prefetch();

  /// Carries out the outbox of a call into `self`, then its look-ups, then sets its timer.
  void settle(PeerId self);
  void carry_out(PeerId self);
  void perform(PeerId self, overlay::Send& send);
  void perform(PeerId self, overlay::Lookup& lookup);
  void perform(PeerId self, overlay::Connect& connect);
  void perform(PeerId self, overlay::Disconnect& disconnect);
  void perform(PeerId self, overlay::Deliver& deliver);

  void count(const Event& event);
  std::uint32_t largest_component() const;

  const Scenario& scenario_;
  const World& world_;
  const SearchSettings& search_;
  std::uint64_t seed_;
  Network network_;
  Population population_;
  EventWheel wheel_;
  EventWheel::Cursor seats_ahead_;
  EventWheel::Cursor memory_ahead_;
  std::uint64_t in_flight_ = 0;  // messages
  Flight flight_;
  std::unique_ptr<WireMirror> mirror_;
  overlay::Outbox outbox_;
  std::vector<overlay::Lookup> lookups_;
  std::uint32_t hops_here_ = 0;  // of the query that is being delivered: how deep the look-up that follows is
  Instant now_{};
  Instant end_{};
  std::uint32_t open_ = 0;       // questions that are not closed yet
  RunRecord record_;
};

}  // namespace earshot::sim
