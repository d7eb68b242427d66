// What attackers do.
#include "sim/attacker.h"

#include <array>
#include <variant>

#include "schema/check.h"
#include "schema/limits.h"
#include "sim/catalog.h"

namespace earshot::sim {

namespace {

using overlay::Hits;
using overlay::Message;
using overlay::Query;

bool is_search(const Message& message) {
  return std::holds_alternative<Query>(message) || std::holds_alternative<Hits>(message) ||
         std::holds_alternative<overlay::Publish>(message);
}

/// As many names as before, all of them accomplices'.
void name_accomplices(Message& message, const Crowd& crowd, Random& random) {
  const auto replace = [&](overlay::PeerList& list) {
    const std::size_t names = list.size();
    list = {};
    for (std::size_t i = 0; i < names; ++i) list.push_back(crowd.accomplices[random.below(crowd.accomplices.size())]);
  };
  if (auto* const shuffle = std::get_if<overlay::Shuffle>(&message)) replace(shuffle->peers);
  if (auto* const reply = std::get_if<overlay::ShuffleReply>(&message)) replace(reply->peers);
}

class Dropper final : public Attacker {
 public:
  std::string_view name() const override { return "dropper"; }
  bool hears(const Message& message) const override { return !is_search(message); }
  bool silent() const override { return true; }
};

class Spammer final : public Attacker {
 public:
  std::string_view name() const override { return "spammer"; }
  std::optional<Hit> answer(std::uint32_t item, PeerId self) const override { return false_hit_for(item, self); }
};

class Flooder final : public Attacker {
 public:
  std::string_view name() const override { return "flooder"; }
  bool acts() const override { return true; }
  void act(Instant now, overlay::Peer& peer, const Crowd&, Random&, overlay::Outbox& out) const override {
    if (peer.open_queries() == limits::kMaxOpenQueries) return;
    SearchRequest request;
    request.text = query_text(kNoItem);
    request.strategy = StrategyKind::kFlood;
    request.ttl = limits::kMaxFloodTtl;
    request.time = 1s;
    request.stem = Stem::kOff;
    peer.ask(now, std::move(request), out);
  }
};

class Inflater final : public Attacker {
 public:
  std::string_view name() const override { return "inflater"; }
  bool says(Message& message, const Crowd&, Random&) const override {
    Query* const query = std::get_if<Query>(&message);
    if (query == nullptr) return true;
    query->ttl = limits::kMaxFloodTtl;
    if (query->visits > 0) query->visits = limits::kMaxVisits;
    return true;
  }
};

class Poisoner final : public Attacker {
 public:
  std::string_view name() const override { return "poisoner"; }
  bool says(Message& message, const Crowd& crowd, Random& random) const override {
    name_accomplices(message, crowd, random);
    return true;
  }
};

class Sybil final : public Attacker {
 public:
  std::string_view name() const override { return "sybil"; }
  bool hears(const Message& message) const override { return !is_search(message); }
  bool says(Message& message, const Crowd& crowd, Random& random) const override {
    name_accomplices(message, crowd, random);
    // His own few slots are full; who took him in must not learn it.
    return !std::holds_alternative<overlay::Leave>(message);
  }
  bool acts() const override { return true; }
  void act(Instant, overlay::Peer& peer, const Crowd& crowd, Random& random, overlay::Outbox& out) const override {
    const PeerId victim = crowd.anybody(random);
    if (victim != peer.self()) out.emplace_back(overlay::Send{victim, overlay::Join{}});
  }
};

}  // namespace

const Attacker& attacker_of(AttackerKind kind) {
  static const Dropper dropper;
  static const Spammer spammer;
  static const Flooder flooder;
  static const Inflater inflater;
  static const Poisoner poisoner;
  static const Sybil sybil;
  switch (kind) {
    case AttackerKind::kDropper: return dropper;
    case AttackerKind::kSpammer: return spammer;
    case AttackerKind::kFlooder: return flooder;
    case AttackerKind::kInflater: return inflater;
    case AttackerKind::kPoisoner: return poisoner;
    case AttackerKind::kSybil: return sybil;
  }
  check_failed("the kind of attacker is known", __FILE__, __LINE__);
}

}  // namespace earshot::sim
