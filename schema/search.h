// SearchRequest and Hit: the question and the answer, as every room of the house says them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <string_view>

#include "schema/ids.h"
#include "schema/limits.h"
#include "schema/result.h"
#include "schema/time.h"
#include "schema/track.h"

namespace earshot {

/// How a query spreads. The numbers go over the wire; overlay/search/strategy.h has the table behind them.
enum class StrategyKind : std::uint8_t { kFlood = 0, kWalk = 1, kRing = 2, kDynamic = 3, kBubble = 4, kAuto = 5 };
inline constexpr StrategyKind kLastStrategyKind = StrategyKind::kAuto;

/// Whether a question first walks a few steps before it spreads, so that its neighbors cannot tell who asks. kAuto: where the network is large
/// enough to hide in, and not for what the walks have lost.
enum class Stem : std::uint8_t { kOff = 0, kOn = 1, kAuto = 2 };

/// A name under which the network counts whether questions meet digests: a hash of the key of the digest's owner, who
/// knows nothing of it. The driver makes them of names that it knows and looks them up among the digests that it hosts.
using CanaryKey = std::uint64_t;

/// What a person asks. Only `text`, `limit` and `canaries` matter to whoever evaluates it; the rest steers the spread.
struct SearchRequest {
  std::string text;                            // clean UTF-8, 1 to limits::kMaxQueryText bytes
  std::uint16_t limit = 20;                    // hits wanted from one holder, 1 to limits::kMaxHitsPerHolder
  std::uint16_t wanted = 50;                   // hits in all after which no more peers are asked, 1 to limits::kMaxHitsPerQuery
  StrategyKind strategy = StrategyKind::kAuto;
  std::uint16_t ttl = 0;                       // hops (flood, ring) or steps of each walker (walk); 0: the node's default
  std::uint8_t walkers = 0;                    // walk only; 0: the node's default
  Duration time = limits::kDefaultQueryTime;   // how long the query stays open at its origin
  std::vector<CanaryKey> canaries;             // at most limits::kMaxCanaries
  Duration keep{};                             // those asked keep the question so long and answer what is new; 0: they do not
  Stem stem = Stem::kAuto;
  Digest32 reply_key{};                        // hits are sealed to this Curve25519 key, made for this question alone

  bool operator==(const SearchRequest&) const = default;
};

/// A text that is a content id and nothing else asks who holds that content: whoever is asked looks the id up instead of
/// reading words. Nothing: any other text. Such a question spreads as all others do, and digests have a key for it
/// (digest_key_of_content).
std::optional<ContentId> content_asked(std::string_view text);

/// Checks the bounds above. Errors: kInvalid, naming the field.
Result<void> validate(const SearchRequest& request);

/// One track at one holder. Where the holder can be reached is the address book's business.
struct Hit {
  Track track;
  PeerId holder = kNoPeer;
  std::uint32_t score = 0;  // BM25 x 1,000 at the holder; comparable within one answer only

  bool operator==(const Hit&) const = default;
};

}  // namespace earshot
