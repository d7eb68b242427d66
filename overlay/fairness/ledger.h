// What each link takes, and what it has done: buckets of tokens, a score with reasons, and when to part.
//
//  1. BUCKETS. A link may bring Config::queries_per_s questions a second, as many at once as in kBurstSeconds, and
//     kBoxesPerSecond boxes of hits. What exceeds that is dropped before anything is looked up, sent or decrypted. Each link has
//     buckets of its own, so what one takes is nothing that another lacks.
//  2. SCORE. Deeds move it as the table in ledger.cpp says, in hundredths of a point, and each minute brings it kForgiven nearer
//     to 0. It is bounded both ways: nobody earns more than kBest, so nobody can save up for an attack.
//  3. BAN. At kBanned or below the link is to be cut for kBanTime, and the account says for what. Neither what exceeds the rate
//     leads there by itself (kWorstByRate), unless it is kFlooding, nor boxes that are no good: an honest neighbor passes on what
//     others ask and answer. Rationale: who is banned for what others do through him is how peers with harsh scores cut
//     themselves off.
//  4. BOXES OF ONE QUESTION over one link are kBoxesPerQuery at most. They are counted in a table of kCounts places chosen by the
//     ids; two that share a place begin anew by turns, so the count is a little too kind. Cost: 4 kB.
//  5. At most `capacity` accounts; full: of those with the score nearest to 0 the one that was quiet for longest is forgotten.
//     Cost: 130 bytes an account.
//
// An attacker gains: as many questions a second as anybody else, for each link that he is granted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "schema/ids.h"
#include "schema/time.h"

namespace earshot::overlay {

enum class Deed : std::uint8_t {
  kUseful,      // a box came over it that held what was asked for
  kOverRate,    // a question or a box more than its share
  kFlooding,    // kFloodPerSecond of those within a second
  kImpossible,  // hops or ttl that no honest peer sends
  kUnasked,     // hits for a question that never passed here, or long ago
  kBadBox,      // a box that was no good; who passes on cannot know
  kMalformed,   // a frame that is none
};
inline constexpr std::size_t kDeeds = 7;

/// One word, for people.
std::string_view to_string(Deed deed);

class Ledger {
 public:
  static constexpr std::int32_t kBest = 5'000;
  static constexpr std::int32_t kWorstByRate = -3'000;
  static constexpr std::int32_t kBanned = -10'000;
  static constexpr std::int32_t kForgiven = 1'000;  // a minute
  static constexpr Duration kBanTime = 10min;
  static constexpr std::uint32_t kBoxesPerSecond = 200;
  /// Whoever asks keeps limits::kMaxHitsPerQuery hits; a box has one at least.
  static constexpr std::uint32_t kBoxesPerQuery = 1'000;
  static constexpr std::uint32_t kFloodPerSecond = 1'000;
  static constexpr std::uint32_t kBurstSeconds = 4;

  struct Account {
    std::int32_t score = 0;                         // hundredths of a point
    std::array<std::uint32_t, kDeeds> deeds{};      // how often
    Instant queries_until{};                        // a bucket as one instant: what was taken is free again by then
    Instant boxes_until{};
    Instant touched{};
    Instant second{};                               // that kFlooding is counted in
    std::uint32_t dropped = 0;                      // in that second
  };

  explicit Ledger(std::size_t capacity = 1024) : capacity_(capacity) {}

  /// Takes a token. False: over the rate, which is noted.
  bool admits_query(Instant now, PeerId from, std::uint32_t per_second);
  /// Rules 1 and 4.
  bool admits_box(Instant now, PeerId from, const QueryId& id);

  void note(Instant now, PeerId who, Deed deed);
  /// The worst deed of a peer whose score has come to kBanned; his account starts anew. Ask after each note.
  std::optional<Deed> due_for_ban(PeerId who);

  /// Nothing: never heard of.
  std::optional<Account> account_of(Instant now, PeerId who) const;
  std::size_t size() const { return accounts_.size(); }

 private:
  Account& open(Instant now, PeerId who);
  void make_room();
  bool take(Instant now, PeerId from, Instant Account::*until, std::uint32_t per_second);

  static constexpr std::size_t kCounts = 256;
  struct Count {
    std::uint64_t key = 0;
    std::uint32_t boxes = 0;
  };

  std::size_t capacity_;
  std::array<Count, kCounts> counts_{};
  std::map<PeerId, Account> accounts_;
};

}  // namespace earshot::overlay
