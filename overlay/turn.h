// What one call into a peer lends to its parts: the time, the parameters, the randomness, and where effects and counts
// go. A part keeps only its own state, which keeps a peer small.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "overlay/config.h"
#include "overlay/effect.h"
#include "overlay/estimate/budget.h"
#include "schema/ids.h"
#include "schema/random.h"
#include "schema/time.h"

namespace earshot::overlay {

/// What happened at one peer so far. The core does not log; drivers show these.
struct Counters {
  std::uint64_t messages_in = 0;
  std::uint64_t queries_in = 0;    // copies of queries received, duplicates included
  std::uint64_t duplicates = 0;    // of those, copies of a query that we had seen
  std::uint64_t queries_out = 0;   // copies of queries sent, our own included
  std::uint64_t hits_relayed = 0;  // Hits messages passed on
  std::uint64_t hits_dropped = 0;  // single hits dropped: never asked, too late, repeated, or over a limit
  std::uint64_t hosted = 0;        // digests of others that we were to host
  std::uint64_t refused = 0;       // messages not worked on: impossible, or from no neighbor where only one may speak
};

/// Whether questions meet digests: canaries x visits, and how many of them were met.
struct Meetings {
  std::uint32_t tried = 0;
  std::uint32_t met = 0;
};

struct Turn {
  Instant now;
  PeerId self;
  const Config& config;
  const NetworkView& network;
  Random& random;
  Counters& counters;
  Meetings& meetings;
  Outbox& out;

  /// Made where it will lie: a variant costs as much to move as a short message to work on.
  template <class Body>
  void send(PeerId to, Body&& body) {
    Send& send = std::get<Send>(out.emplace_back(std::in_place_type<Send>));
    send.to = to;
    send.message.template emplace<std::remove_cvref_t<Body>>(std::forward<Body>(body));
  }
};

}  // namespace earshot::overlay
