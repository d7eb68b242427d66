// What this node does for digests beside carrying them: hosts those of others in its index, answers questions from them, holds
// the questions that stay against every new one, and makes its own whenever its library has changed.
//
//  1. Others' digests come from the reactor and are worked on by one thread: signature, code, quota, then the index. At most
//     kMaxWaiting wait (13 kB each: 13 MB); more are dropped and counted.
//  2. A digest counts only with the signature of its owner's key. Rationale: relays pass digests on unread.
//  3. QUOTAS. One owner: the shards of one library (limits::kMaxDigestShards). One address group of the public internet (/16, or
//     /32 of IPv6): kMaxPerGroup. What exceeds it is dropped and counted. Which group an owner belongs to is remembered for this
//     run; of digests that an earlier run left, at most an hour's, it is not known.
//     An attacker gains: with one /16 a place for 1,000 of 200,000 digests.
//  4. Our own are made when the library has been still for kStill, or has not for kPatience; never more often than a
//     twentieth of the time. Each making has a higher sequence, by the wall clock, so also after a restart.
//  5. A standing query that a new digest may answer, another's or ours, is news: the reactor passes it on to the owner.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "index/digest_keys.h"
#include "index/index.h"
#include "overlay/effect.h"
#include "overlay/net/identity.h"
#include "overlay/publish/publisher.h"
#include "schema/endpoint.h"
#include "schema/time.h"
#include "tools/node/standing_queries.h"

namespace earshot::node {

/// Thread-safe.
class DigestHost {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;
  static constexpr std::uint32_t kMaxPerGroup = 1000;
  static constexpr std::chrono::milliseconds kStill{500};
  static constexpr std::chrono::seconds kPatience{30};

  struct Offer {
    Contact owner;
    overlay::SharedDigest digest;
    Duration life{};  // from now
  };

  /// What a question meets here.
  struct Met {
    std::vector<NodeKey> owners;
    std::uint8_t canaries = 0;  // overlay::Hosted
  };

  /// A standing query that this owner's new digest may answer; our own key: our library.
  struct Match {
    overlay::Lookup lookup;
    NodeKey owner;
  };
  struct News {
    std::vector<Match> matches;
    overlay::SharedDigests own;  // made anew; null: not
  };

  struct Counts {
    std::uint64_t digests = 0;   // hosted now
    std::uint64_t keys = 0;
    std::uint64_t standing = 0;  // queries that stay here now
    std::uint64_t own = 0;       // digests of our own
    std::uint64_t taken = 0, renewed = 0, forged = 0, refused = 0;  // of those that came
  };

  /// `on_news` is called on this object's thread. The index has owners; it and the identity outlive this.
  DigestHost(index::Index& index, const overlay::net::Identity& identity, std::function<void()> on_news);
  ~DigestHost();

  DigestHost(const DigestHost&) = delete;
  DigestHost& operator=(const DigestHost&) = delete;

  void offer(Offer offer);
  void drop(const NodeKey& owner);

  /// Owners whose digests may hold an answer: one look-up a word.
  Met meet(const SearchRequest& request) const;

  /// Holds it against what comes from now on.
  void stand(const overlay::Lookup& lookup);
  void forget(const QueryId& id);

  News take_news();
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void take(const Offer& offer);
  bool has_room(const Contact& owner);
  void expire();
  bool is_due(Clock::time_point now);
  void make_own();
  void match(const NodeKey& owner, std::span<const index::DigestKey> keys);

  index::Index& index_;
  index::Owners& owners_;
  const overlay::net::Identity& identity_;
  const std::function<void()> on_news_;
  const index::DigestKeys keys_;

  // This object's thread only.
  std::map<NodeKey, std::uint64_t> group_of_;  // overlay::net::public_group_of
  std::map<std::uint64_t, std::uint32_t> in_group_;
  Clock::time_point next_expiry_{}, changed_at_{}, began_changing_{}, not_before_{};
  std::uint64_t generation_ = 0, made_of_ = 0, sequence_ = 0;
  bool made_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Offer> offers_;          // guarded by mutex_, as all below
  std::deque<NodeKey> drops_;
  StandingQueries standing_;
  News news_;
  Counts counts_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace earshot::node
