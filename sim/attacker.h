// Peers that do not keep to the protocol. Each runs the protocol's own code like everybody else; what makes him an attacker
// stands between that code and the network: what he hears, what he says, what he answers, and what he does of himself.
//
// Adding one: a class in attacker.cpp, a value of AttackerKind, and a line in its table. A behaviour has no state, so one
// object serves every attacker of a run; what differs between them comes in as arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "overlay/effect.h"
#include "overlay/message.h"
#include "overlay/peer.h"
#include "schema/ids.h"
#include "schema/random.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::sim {

enum class AttackerKind : std::uint8_t {
  kDropper,   // takes part in membership; passes on no query, no hits and no digest, answers and hosts nothing
  kSpammer,   // answers every query with a hit for a thing that is not what it says
  kFlooder,   // asks for what nobody has, at the widest flood, once every period
  kPoisoner,  // names only accomplices in shuffles
  kInflater,  // passes questions on with as many hops left, and for as many peers, as a message can say
  kSybil,     // joins again and again through random peers, once every period, never leaves; names accomplices, drops searches
};

struct AttackerSettings {
  AttackerKind kind = AttackerKind::kDropper;
  std::uint32_t per_million = 0;   // of all peers
  Duration from{};                 // after the last join; before, he behaves
  Duration until{};                // he behaves again; 0: never
  Duration period = 1s;            // between two deeds
  std::uint32_t groups = 0;        // of addresses that they share; 0: each has one of its own
};

/// Who else there is, as an attacker knows it.
struct Crowd {
  std::span<const PeerId> accomplices;           // never empty
  std::function<PeerId(Random&)> anybody;        // a peer that is alive
};

class Attacker {
 public:
  virtual ~Attacker() = default;

  virtual std::string_view name() const = 0;
  /// Whether his protocol code gets to see this message.
  virtual bool hears(const overlay::Message&) const { return true; }
  /// May change what his protocol code is about to send; false: it is not sent.
  virtual bool says(overlay::Message&, const Crowd&, Random&) const { return true; }
  /// What he answers to a query for an item, in place of the truth; nothing: the truth.
  virtual std::optional<Hit> answer(std::uint32_t /*item*/, PeerId /*self*/) const { return std::nullopt; }
  /// Whether he answers nobody and passes nothing on.
  virtual bool silent() const { return false; }
  /// Whether act() is to be called every period.
  virtual bool acts() const { return false; }
  virtual void act(Instant, overlay::Peer&, const Crowd&, Random&, overlay::Outbox&) const {}
};

const Attacker& attacker_of(AttackerKind kind);

}  // namespace earshot::sim
