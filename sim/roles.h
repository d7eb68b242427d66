// Which peers are of which kind: capacity classes and attackers, drawn by a hash of (seed, peer), so that more of one kind
// takes nobody of another.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/time.h"
#include "sim/attacker.h"

namespace earshot::sim {

/// Peers that differ in what they can do. Who falls into no class has no limits and the protocol's own sizes.
struct ClassSettings {
  std::string name;
  std::uint32_t per_million = 0;                // of all peers
  std::uint32_t messages_per_s = 0;             // that it can work on; 0: no limit
  Duration queue = 1s;                          // what would have to wait longer is dropped
  Duration access{};                            // added to each message that it sends or gets
  std::optional<std::uint8_t> active_size;      // membership only
  std::optional<std::uint8_t> passive_size;
};

/// Draws numbers 0..n for shares of a whole: n + 1 shares, the last one what remains.
class Roles {
 public:
  Roles(std::span<const ClassSettings> classes, std::span<const AttackerSettings> attackers, std::uint64_t seed);

  /// 0: none; else the number of the setting, from 1.
  std::uint8_t class_of(PeerId peer) const { return drawn(class_ends_, class_key_, peer); }
  std::uint8_t attacker_of(PeerId peer) const { return drawn(attacker_ends_, attacker_key_, peer); }
  bool has_attackers() const { return !attacker_ends_.empty(); }

 private:
  static std::uint8_t drawn(const std::vector<std::uint32_t>& ends, const SipKey& key, PeerId peer);

  SipKey class_key_;
  SipKey attacker_key_;
  std::vector<std::uint32_t> class_ends_;     // sums of shares
  std::vector<std::uint32_t> attacker_ends_;
};

}  // namespace earshot::sim
