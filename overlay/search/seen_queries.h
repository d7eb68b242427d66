// Which queries passed here, and over which link each came first: duplicate suppression and the reverse path in one
// table of fixed size.
//
//  1. A bucket is one cache line: 8 slots of 8 bytes (a 32-bit tag and the link), newest first. Looking up or
//     remembering a query touches that line and no other.
//     Rationale: a flood delivers every query over most links of a peer, so this is the hottest memory of all.
//  2. Bucket and tag come from SipHash of the id's low word under a secret key of this peer.
//     Rationale: the id is chosen by strangers. Without the key they cannot aim at a bucket or make tags collide. The
//     low word alone is enough: honest ids have 64 random bits there, and who reuses a low word only has his own next
//     query taken for a duplicate.
//  3. A full bucket forgets its oldest query. Seeing a query again does not make it younger.
//     Rationale: what is forgotten must follow from time only, not from how often a stranger repeats himself.
//  4. The link is the first one. Hits go back where the query first came from, which is the fastest way here and, since
//     every peer remembers only one link, cannot loop for a flood.
//
// Cost: a false duplicate needs two live queries with one bucket and one tag: 8 x 2^-32 per query. Forgetting early
// costs a second look-up and a second round of copies, never a wrong answer; TTL bounds it.
// An attacker gains: with r queries a second over all our links he turns the table over in slots / r seconds, so a real
// peer's 65,536 slots outlive a flood of 500 queries a second for 131 s, longer than limits::kMaxQueryTime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "schema/ids.h"
#include "schema/prefetch.h"
#include "schema/random.h"

namespace earshot::overlay {

/// The memory of one query. A slot without a link is empty.
struct SeenSlot {
  std::uint32_t tag = 0;
  PeerId link = kNoPeer;
};
static_assert(sizeof(SeenSlot) == 8);

class SeenQueries {
 public:
  static constexpr std::size_t kWays = 8;

  /// `slots` is the caller's, must be fresh, and should be aligned to 64 bytes. REQUIRES: a positive multiple of kWays.
  SeenQueries(std::span<SeenSlot> slots, SipKey key);

  /// Where a query is, or would be, remembered. Valid until the next remember().
  class Place {
   public:
    bool seen() const { return link_ != kNoPeer; }
    /// The link that the query first came on; kNoPeer when it is new or forgotten.
    PeerId link() const { return link_; }

   private:
    friend class SeenQueries;
    SeenSlot* bucket_ = nullptr;
    std::uint32_t tag_ = 0;
    PeerId link_ = kNoPeer;
  };

  Place find(const QueryId& id) const {
    const std::uint64_t hash = hash_of(id);
    Place place;
    place.tag_ = static_cast<std::uint32_t>(hash);
    place.bucket_ = bucket_of(hash);
    for (const SeenSlot* slot = place.bucket_; slot != place.bucket_ + kWays && slot->link != kNoPeer; ++slot) {
      if (slot->tag == place.tag_) {
        place.link_ = slot->link;
        break;
      }
    }
    return place;
  }

  /// Brings in the bucket that find() will look at.
  void prefetch(const QueryId& id) const { prefetch_to_write(bucket_of(hash_of(id))); }

  /// REQUIRES: !place.seen(), and link is not kNoPeer.
  void remember(const Place& place, PeerId link);

 private:
  std::uint64_t hash_of(const QueryId& id) const { return siphash(key_, id.low); }
  SeenSlot* bucket_of(std::uint64_t hash) const { return slots_ + ((hash >> 32) * buckets_ >> 32) * kWays; }

  SeenSlot* slots_;
  SipKey key_;
  std::uint32_t buckets_;  // last, so that its owner can use the 4 bytes behind it
};

}  // namespace earshot::overlay
