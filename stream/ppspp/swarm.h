// One content among peers (RFC 7574, video on demand): the only entry point of the protocol. Pure: no IO, no clock, no
// thread, no randomness but that of its channel ids. The same calls leave the same effects on every machine.
//
// Rules
//  1. Handshake (section 3.1.1). The initiator sends its options and its channel id to channel 0; the responder checks
//     them and answers to that channel, or stays silent; the third datagram echoes the responder's id.
//     Until then an address is unproven: it is sent no DATA, and never more bytes than came from it.
//     What an attacker gains by forging addresses: one datagram, smaller than his own. What it costs us: one of
//     kMaxHalfOpen slots, for ten seconds or until as many newer ones came.
//     A swarm of SHA-1 and chunk32 may have peers of the libswift family, which drop a handshake with options that they do
//     not know: who stays silent twice is also sent draft 10's short list, in turns with the RFC's, and answered with it.
//  2. A channel is bound to the address that it was opened with; what comes for it from elsewhere is dropped. But the other
//     address is asked by a handshake: a peer behind a router that gave it a new port answers, and the new channel takes
//     the old one's place.
//  3. A chunk is taken only when it was asked for and verifies (merkle_tree.h). One whose proof is incomplete waits in
//     the stash until it verifies through others' proofs or its time is over. One that contradicts what is known gets
//     its sender banned: it alone gave chunk and proof.
//  4. Every verified chunk is acknowledged to its sender and announced to the others (HAVE, in the largest run around
//     it), in batches: once a tick, and to the others at most every kNewsInterval.
//  5. Asks are disjoint among peers. When nothing is left to ask for, a peer with nothing to do is also asked for what
//     has been outstanding longest elsewhere, and what a player needs within a second is asked of another peer when the
//     first one is late (at most one more copy of a chunk); the first to come cancels the other.
//     When nobody offers what the claimed chunk count still lacks, the count may be a lie: peers whose claim was not heard
//     yet are asked for a chunk that is here already, because peaks come with it.
//  6. Peers of which both sides hold everything part in peace (section 2.2).
//  7. While more peers ask than there are slots, tit for tat decides (choker.h). Batches go out in turns, one a peer.
//  8. Addresses are asked of peers and told to them in private networks only (section 3.10), and never more than half of
//     our peers are known by hearsay.
//  9. A peer behind a link (stream/relay/carrier.h) is dialled when kLinkPatience has passed and nobody else has answered, or when
//     nobody else is known: a link carries little. Its endpoint is told to nobody.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/time.h"
#include "stream/ppspp/agreement.h"
#include "stream/ppspp/allowance.h"
#include "stream/ppspp/channel.h"
#include "stream/ppspp/choker.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/effect.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/picker.h"
#include "stream/ppspp/wire.h"

namespace earshot::stream::ppspp {

/// With whom addresses of peers are exchanged (section 3.10): PEX_RESv4 and PEX_RESv6 prove nothing.
enum class Pex : std::uint8_t { kOff, kPrivateNetworks, kEverywhere };

/// Whether an address means something inside one network only.
bool is_private(const Endpoint& endpoint);

/// What all peers of a swarm agree on (section 3.1), and the limits of one.
struct SwarmConfig {
  std::uint32_t chunk_size = 1024;
  Addressing addressing = Addressing::kChunk32;
  MerkleHash hash = MerkleHash::kSha256;

  std::size_t max_open = 64;       // channels; 64 x about 20 KiB. Full: newcomers get no answer
  std::size_t max_half_open = 32;  // Full: the oldest makes room
  std::size_t upload_slots = 8;    // peers served at once while more ask
  Pex pex = Pex::kPrivateNetworks;
  std::size_t max_candidates = 256;  // addresses to dial later. Full: more are not remembered
};

/// Whether a swarm can be made of this. Errors: kUnsupported, saying what is not supported.
Result<void> check(const SwarmConfig& config);

/// What was there before: from the disk, or from hashing a file.
struct Possession {
  std::vector<Node> peaks;
  std::uint64_t size = 0;         // 0: the last chunk is missing
  ChunkSet verified;
  /// All pages above tier 0, and those of tier 0 whose chunks are partly verified.
  std::vector<std::pair<std::uint64_t, TreePage>> pages;
};

/// Chunks as the driver loaded them. Empty bytes: they cannot be read.
struct Loaded {
  ByteView bytes;
  const TreePage* page = nullptr;  // of tier 0, null when the tree has none
};

/// The contract. A driver makes these calls from one thread and keeps four promises:
///  1. `now` never goes back from one call to the next.
///  2. After each call it carries out the lent outbox in order and empties it before the next call; only loaded() may be
///     called while a Load is being carried out, and adds to the same outbox.
///  3. It calls tick() no later than next_deadline(), and after each batch of datagrams: acknowledgements and requests
///     leave with the tick.
///  4. The pages and chunks that it was told to keep are there for later Loads.
/// Datagrams may be lost, repeated, reordered, forged and mutilated.
class Swarm {
 public:
  /// `root`: zeros follow a hash that is shorter. `ids` and the allowance must outlive the swarm. No allowance: no limits.
  /// REQUIRES: check(config).
  Swarm(const Digest32& root, const SwarmConfig& config, ChannelIds& ids, Allowance* allowance = nullptr);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  /// Before anything else. REQUIRES: root_of(possession.peaks) is the root.
  void restore(const Possession& possession);

  void receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out);
  void loaded(Instant now, const Load& load, const Loaded& chunks, Outbox& out);
  void tick(Instant now, Outbox& out);
  /// A peer that may hold the content. Safe to repeat.
  void add_peer(Instant now, const Endpoint& endpoint, Outbox& out);
  /// Fetch these chunks before the others, the nearest deadline first; replaces all wishes from before. A fresh swarm has
  /// none and fetches everything.
  void want(Instant now, std::vector<ChunkWish> wishes, Rest rest, Outbox& out);
  /// Hands out every page that changed since the last time, for a driver that is about to sync or to stop.
  void checkpoint(Outbox& out);
  /// Says good-bye to every peer.
  void leave(Instant now, Outbox& out);

  Instant next_deadline() const { return deadline_; }

  const Digest32& root() const { return root_; }
  std::uint64_t chunk_count() const { return tree_ ? tree_->shape().chunk_count() : 0; }
  std::uint64_t size() const { return size_; }
  const ChunkSet& verified() const { return verified_; }
  bool is_complete() const { return tree_ && verified_.size() == chunk_count(); }
  std::size_t channels() const { return channels_.size(); }
  bool was_answered() const { return answered_; }

  /// What became of each peer; the driver shows it.
  struct Record {
    std::uint64_t bytes = 0;  // verified
    std::string banned;       // why, or empty
  };
  const std::map<Endpoint, Record>& records() const { return records_; }

  struct Counters {
    std::uint64_t datagrams_in = 0, strays = 0, malformed = 0, duplicates = 0, unprovable = 0, forged = 0, bans = 0, refused = 0;
    std::uint64_t chunks_sent = 0, withheld = 0;               // datagrams that an unproven address was not sent
    std::uint64_t unproven_in = 0, unproven_out = 0;           // bytes from and to addresses before they were proven
  };
  const Counters& counters() const { return counters_; }
  /// Why the last peer whose handshake did not fit was refused; empty when none was.
  const std::string& last_refusal() const { return last_refusal_; }

 private:
  static constexpr unsigned kMaxDials = 6;  // 250 ms doubling: 15 s in all

  struct Stashed {
    ChannelId channel{};
    std::uint64_t chunk = 0;
    Digest32 leaf{};
    Bytes bytes;
    Instant since;
  };

  // Handshakes.
  void meet(Instant now, const Endpoint& from, ByteView datagram, Outbox& out);
  Channel* greeted_by(Instant now, const Endpoint& from, ChannelId source);
  void dial(Instant now, Channel& channel, Outbox& out);
  void look_elsewhere(Instant now, const Channel& known, const Endpoint& from, std::size_t bytes, Outbox& out);
  void answer(Instant now, Channel& channel, Outbox& out);
  bool accepts(const Options& options);
  bool speaks_draft10() const { return config_.hash == MerkleHash::kSha1 && config_.addressing == Addressing::kChunk32; }
  Agreement agreement(bool draft10) const;
  ByteView swarm_id() const { return ByteView(root_).first(format_.hash_size); }
  void open(Instant now, Channel& channel);
  void say_good_bye(Instant now, Channel& channel, Outbox& out);

  // Messages of an open channel. False: the channel is gone, or the rest of the datagram must not be believed.
  bool take(Instant now, Channel& channel, const Handshake& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Data& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Ack& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Have& message, Outbox& out);
  bool take(Instant now, Channel& channel, const IntegrityHash& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Request& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Cancel& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Choke& message, Outbox& out);
  bool take(Instant now, Channel& channel, const Unchoke& message, Outbox& out);
  bool take(Instant now, Channel& channel, const PexRequest& message, Outbox& out);
  bool take(Instant now, Channel& channel, const PexV4& message, Outbox& out);
  bool take(Instant now, Channel& channel, const PexV6& message, Outbox& out);
  template <class Ignored>
  bool take(Instant, Channel&, const Ignored&, Outbox&) { return true; }

  // Verification.
  Verdict judge(Channel& channel, std::uint64_t chunk, const Digest32& leaf, std::size_t size, Outbox& out);
  bool fits(const Channel& channel, std::uint64_t chunk, std::size_t size) const;
  bool settle_claim(Instant now, Channel& channel, Outbox& out);
  void accept(Channel& channel, std::uint64_t chunk, ByteView bytes, Outbox& out);
  void retry_stash(Instant now, Outbox& out);
  void announce_size(Outbox& out);

  // The tick's parts.
  void expire(Instant now, Outbox& out);
  void ask(Instant now);
  bool ask_next(Instant now, Channel& channel);
  void plan(Instant now);
  void make_way(Instant now);
  void ask_for_stragglers(Instant now);
  void ask_for_late(Instant now);
  void ask_twice(Instant now, Channel& channel, ChunkRange chunks);
  bool is_late_watch_due() const;
  void ask_for_claims(Instant now);
  void share_news(Instant now);
  void speak(Instant now, Channel& channel, Outbox& out);
  void serve(Instant now, Outbox& out);
  bool serve_batch(Instant now, Channel& channel, Outbox& out);
  void choke(Instant now);
  void refuse(Instant now, Channel& channel);
  bool has_free_slot() const;
  void ask_for_peers(Instant now);
  bool exchanges_addresses_with(const Channel& channel) const;
  bool believe_address(Instant now, Channel& channel, const Endpoint& endpoint);
  bool is_anybody_open() const;
  bool knows_links_only() const;
  void dial_candidates(Instant now, Outbox& out);
  void update_deadline(Instant now);

  Channel* find(ChannelId id);
  Channel* find(const Endpoint& endpoint, const Channel* except = nullptr);
  bool commit(Instant now, Channel& channel, const DatagramWriter& writer, Outbox& out);
  void release(const ChunkSet& chunks);
  void remove(Channel& channel);
  void ban(Instant now, Channel& channel, std::string reason, Outbox& out);
  bool is_banned(const Endpoint& endpoint) const;
  bool is_seed(const Channel& channel) const { return tree_ && channel.has.contains_all({0, chunk_count()}); }
  Record* record(const Endpoint& endpoint);

  Digest32 root_;
  SwarmConfig config_;
  WireFormat format_;
  ChannelIds* ids_;
  Allowance* allowance_;           // null: no limits
  Choker choker_;
  std::size_t turn_ = 0;           // who is served first
  Instant throttled_until_ = kNever;
  Instant pex_due_{};

  std::optional<HashTree> tree_;  // once a chunk has verified under a claim
  std::uint64_t size_ = 0;
  ChunkSet verified_;
  Picker picker_;
  std::uint64_t start_;            // draws where the search for rare pages begins
  Instant planned_{};              // when the picker's plan was made
  ChunkSet doubled_;               // asked of two peers
  std::vector<std::unique_ptr<Channel>> channels_;
  struct Candidate {
    Endpoint endpoint;
    Instant not_before;
    unsigned failures = 0;
    bool hearsay = false;  // from PEX
  };
  std::vector<Candidate> candidates_;
  std::map<Endpoint, Record> records_;
  struct Mover {
    Endpoint from;
    std::uint64_t bytes = 0;
  };
  std::vector<Mover> movers_;
  bool answered_ = false;
  std::string last_refusal_;

  std::vector<Stashed> stash_;
  bool learned_ = false;           // something was verified since the stash was last gone through
  ChunkSet news_;                  // verified since the last announcement
  Instant news_due_ = kNever;
  std::vector<std::unique_ptr<TreePage>> retired_;  // pages that a KeepPage points to
  std::vector<Bytes> spent_;                        // chunks that a Keep points to
  bool due_ = false;               // a tick has something to say
  Instant deadline_ = kNever;
  Counters counters_;
};

}  // namespace earshot::stream::ppspp
