// Who is there: sessions and absences of peers, known before any message is sent, because no protocol decides when people
// come and go. So every part of a partitioned run can know all of it.
//
// Churn is an alternating renewal process for each peer: a session drawn from one law, an absence from another. The k-th
// session of a peer depends on (seed, peer, k) only. A peer keeps its name; whether it comes back with its own library or
// with another of the catalogue, drawn at random, is a setting (`same`, `new`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"
#include "sim/duration_law.h"

namespace earshot::sim {

enum class LibraryChange : std::uint8_t { kSame, kNew };

struct ChurnSettings {
  DurationSettings session;
  DurationSettings away{DurationKind::kExponential, 0s, kFixedOne, {}, {}, {}};  // median 0: somebody takes the place at once
  Duration from{};                             // after the last join: when the first sessions begin to run
  Duration until{};                            // nobody goes any more; 0: never
  std::uint32_t graceful_per_million = 500'000;  // share of departures that say good-bye
  LibraryChange library = LibraryChange::kSame;
};

/// The laws of churn, read and ready to draw from.
class Churn {
 public:
  /// Errors: those of DurationLaw::from, naming which.
  static Result<Churn> from(const ChurnSettings& settings);

  struct Session {
    Duration length{};
    Duration away_after{};
    bool graceful = false;
  };
  Session session(std::uint64_t seed, PeerId peer, std::uint32_t number) const;

 private:
  Churn(DurationLaw session, DurationLaw away, std::uint32_t graceful_per_million)
      : session_(std::move(session)), away_(std::move(away)), graceful_per_million_(graceful_per_million) {}

  DurationLaw session_;
  DurationLaw away_;
  std::uint32_t graceful_per_million_;
};

/// The set of peers that are alive, and how often each has begun to be.
class Lives {
 public:
  explicit Lives(std::uint32_t peers) : places_(peers, kAway), begun_(peers) {}

  bool alive(PeerId peer) const { return places_[to_number(peer)] != kAway; }
  std::uint32_t alive() const { return static_cast<std::uint32_t>(present_.size()); }
  /// Sessions begun, the present one included.
  std::uint32_t sessions(PeerId peer) const { return begun_[to_number(peer)]; }

  /// REQUIRES: not alive, or alive.
  void begin(PeerId peer);
  void end(PeerId peer);

  /// Somebody who is alive, all equally likely. REQUIRES: there is one.
  PeerId draw(Random& random) const { return present_[random.below(present_.size())]; }
  /// Everybody who is alive, by number.
  std::vector<PeerId> all() const;

  std::size_t bytes() const { return (places_.capacity() + begun_.capacity() + present_.capacity()) * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kAway = UINT32_MAX;

  std::vector<std::uint32_t> places_;  // in present_
  std::vector<std::uint32_t> begun_;
  std::vector<PeerId> present_;
};

}  // namespace earshot::sim
