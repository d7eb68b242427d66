// Spread a question, gather its hits.
//
//  1. A query is accepted from neighbors only (membership rule 8) and is worked on once: the strategy passes it on
//     first, then our own library is asked (Lookup). Rationale: passing on is the latency that adds up over hops.
//     A copy that the strategy has no use for is dropped before anything else is asked, even who sent it.
//     Rationale: four of five messages of a flood over degree 5 are such copies; they cost three cache lines.
//  2. Impossible numbers are clamped or refused on every receipt, not only where they entered: hops 0, or hops over the
//     strategy's limit, refuse the query; ttl is cut to limit - hops. Rationale: a neighbor that cheats must not be
//     helped by us. What an attacker gains by lying is one radius around himself, as if he had asked honestly.
//  3. Hits travel back link by link, each peer sending them to the link that its first copy came on, even when that
//     peer is no neighbor any more. Rationale: nobody but the first link learns who asked, and a path of a few seconds
//     mostly outlives changes of the views.
//  4. Hits for a query that never passed here, that has been forgotten, that is closed, or that claim impossible hops
//     are dropped and counted. The check costs one look at our open queries and at the table of seen ones. From which
//     link they come is not checked: naming the query's 128 bits proves having seen it.
//  5. At the origin: the same content at the same holder is delivered once; one holder may give
//     limits::kMaxHitsPerHolder, a query takes limits::kMaxHitsPerQuery in all, first come.
//     Rationale: scores compare within one answer only, so the order of arrival is the only fair rule across holders.
//  6. A query ends with one Deliver marked last; nothing for it follows. It ends by its deadline, by cancel, or when its
//     strategy says that all it set out to do has had its time, or that enough came back. A flood and a walk do not end early:
//     whether a silent peer will still answer cannot be known.
//  7. Hits travel in a box, sealed to the one-time key of the question and signed by their holder; the driver makes and opens
//     it. Who passes a box on learns its size, and neither what is in it, nor whose it is, nor for whom. The driver puts in
//     no more than Config::hits_per_answer. Cost: a peer's answer is one message a hop; an empty answer is none.
//     At the origin boxes are opened one at a time, kMaxBoxes for a question; a driver that opens one checks the signature and
//     matches each hit against the question, so a holder can lie about what it has but not about who says so.
//     An attacker gains: who sees a question may answer with boxes of nothing; each costs us an unsealing (30 us, and 150 us if it is
//     sealed well), and kMaxBoxes of them end what that question learns.
//
//  8. DIGESTS. For strategies that meet digests a look-up also goes to those that we host. Each owner that may have an answer gets the query directly,
//     marked so, over a link that is opened for it; he looks in his own library only and answers to us, and his hits go home
//     the way the query came. At most limits::kMaxOwnersPerAnswer owners a peer. A second host that asks the same owner
//     costs one message: he has seen the query. Who cannot be reached loses his digest here.
//     Rationale: the owner judges the question (words, filters, ranking), so a digest need only be right about words, and
//     a host learns no more than that the owner has them. The host asks, not the one who searches: his address stays
//     unknown to the owner, and an owner behind a NAT needs no link to strangers that he does not open.
//     This is the one exception to "from neighbors only", because host and owner are strangers. An attacker gains: one
//     look-up for one message without being a neighbor, kDirectPerSecond of them in all; what exceeds that is dropped.
//  9. CANARIES. A query names up to limits::kMaxCanaries peers from afar; who hosts the digest of one says so in a bit of his
//     Hits, even when there are none. What comes back is counted against canaries x visits (estimate/estimates.h); the coverage
//     that is displayed comes from the network's count and this query's together.
//     An attacker gains: who lies about canaries makes us ask fewer peers than we should. Each answer counts at most
//     once a canary, and budgets follow slowly.
// 10. STANDING QUERIES. One that is to be kept (SearchRequest::keep) does not end when all waves were sent, but when its time
//     is up. Those who get it keep it as their driver does (Lookup in effect.h); what matches later goes the same way as what
//     matches at once. A way back is remembered as long as the table of seen queries lasts; who asked asks again now and then.
//
// Deliveries of one query add up in Progress: hits count what was delivered, answers the Hits messages received.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "overlay/effect.h"
#include "overlay/message.h"
#include "overlay/search/seen_queries.h"
#include "overlay/search/strategy.h"
#include "overlay/turn.h"
#include "schema/ids.h"
#include "schema/limits.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::overlay {

class Search {
 public:
  Search(PeerId self, std::span<SeenSlot> seen, SipKey key) : seen_(seen, key), self_(self) {}

  PeerId self() const { return self_; }
  void prefetch(const QueryId& id) const { seen_.prefetch(id); }

  /// Opens a query of our own: Lookup in our own library, then the strategy's first wave.
  /// REQUIRES: fewer than limits::kMaxOpenQueries open.
  QueryId ask(Turn& turn, SearchRequest request, const Strategy& strategy, std::span<const PeerId> neighbors);

  /// Rules 1 and 2: what to do with a copy of a query; nothing when it needs no work. Not yet remembered as seen.
  struct Sighting {
    SeenQueries::Place place;
    const Strategy* strategy;
  };
  std::optional<Sighting> sight(Turn& turn, PeerId from, const Query& query) const;
  /// Remembers, passes on, looks up. REQUIRES: `sighting` is this query's, and `from` is one of the neighbors or the
  /// query is direct.
  void receive(Turn& turn, PeerId from, const Query& query, const Sighting& sighting,
               std::span<const PeerId> neighbors);
  void receive(Turn& turn, PeerId from, const Hits& hits);
  void answer(Turn& turn, const Lookup& lookup, const Found& found, const Hosted& hosted);
  void opened(Turn& turn, const overlay::Open& box, std::span<const Hit> hits);
  /// The link to this peer is gone, or could not be opened.
  void lost(Turn& turn, PeerId peer);
  void cancel(Turn& turn, const QueryId& id);

  /// Sends due waves, closes queries whose time is up.
  void tick(Turn& turn, std::span<const PeerId> neighbors);
  Instant next_deadline() const { return next_deadline_; }
  std::size_t open_queries() const { return open_.size(); }
  /// Also what was published is told apart by it.
  SeenQueries& seen() { return seen_; }

 private:
  /// Rule 8: look-ups that strangers may cause, on average and at once.
  static constexpr std::uint32_t kDirectPerSecond = 50;
  static constexpr std::uint32_t kDirectAtOnce = 200;


  /// Rule 7: boxes opened for one question. Four times what one hit each would need.
  static constexpr std::uint32_t kMaxBoxes = 4 * limits::kMaxHitsPerQuery;

  /// A query of our own. At most limits::kMaxHitsPerQuery entries in `found`: 100 kB at worst.
  struct Own {
    QueryId id;
    std::shared_ptr<const SearchRequest> request;
    const Strategy* strategy = nullptr;
    Instant deadline;
    Instant next_wave = kNever;
    std::uint32_t wave = 0;
    bool ends = false;          // when the next wave is due
    std::uint32_t visited = 0;  // peers that copies with an exact budget were sent for
    std::uint32_t met = 0;      // canaries
    Progress progress;
    std::map<PeerId, std::set<ContentId>> found;
  };

  Own* find_open(const QueryId& id);
  /// False when the query has ended.
  bool send_wave(Turn& turn, Own& open, std::span<const PeerId> neighbors);
  /// Rule 10: true for a query that waits for answers when all was sent.
  static bool stays(Own& open);
  bool may_ask_directly(Instant now);
  static bool goes_by_stem(const Turn& turn, const Own& open, std::span<const PeerId> neighbors);
  bool pass_along(Turn& turn, PeerId from, const Query& query, const Sighting& sighting, std::span<const PeerId> neighbors);
  static void count_canaries(Own& open, std::uint8_t canaries);
  static void estimate_coverage(const Turn& turn, Own& open);
  void ask_owners(Turn& turn, const Lookup& lookup, std::span<const PeerId> owners);
  void deliver(Turn& turn, Own& open, std::span<const Hit> hits, std::uint16_t hops);
  void close(Turn& turn, std::size_t position);
  void set_deadline();

  [[no_unique_address]] SeenQueries seen_;  // has room for self_ at its end, in the hottest cache line
  PeerId self_;
  Instant next_deadline_ = kNever;
  Instant direct_until_{};    // rule 8: when what strangers have used up is free again
  std::array<PeerId, 4> asked_owners_ = {kNoPeer, kNoPeer, kNoPeer, kNoPeer};  // the last ones, newest first
  std::vector<Own> open_;  // in the order they were asked
};

}  // namespace earshot::overlay
