// A live stream among peers (RFC 7574 with the Unified Merkle Tree, section 6.1.2). Pure, as Swarm is: no IO, no clock, no
// thread; datagrams in, datagrams out, chunks read by index.
//
// Rules
//  1. Chunks come in munros: subtrees of equal width, each signed by the injector over place, time and hash. A chunk is
//     announced only when its munro is signed, and kept only when its path ends in a munro whose signature verifies.
//     A bad signature, or a chunk that contradicts its munro, bans the sender.
//  2. After the handshake each side sends its newest munro until the other shows that one or a newer (section 6.1.2.4).
//     The first munro that verifies is where a newcomer tunes in; timestamps older than kMaxAge, or from the future, are
//     discarded, so that nobody is tuned in to the past.
//  3. Chunks are asked for in order, of the peer with the least outstanding among those that have them; a munro of one
//     peer. What is late is asked of another.
//  4. What lies behind the discard window is forgotten, by us and of what peers announced.
//  5. `slots` peers are served, first come, first served, as long as they ask; others are choked and take what the served
//     ones announce. An injector with three slots sends its stream three times, whoever listens.
//  6. All of a swarm speak the injector's dialect. A listener that has met nobody yet and whose RFC handshakes stay unanswered
//     tries draft 10's in turns with it, and keeps to that in which the first peer answered. How many chunks a munro has,
//     no option says: the first one that verifies does.
//  7. Addresses are exchanged in private networks, as in Swarm: listeners find each other there.
// What an attacker gains: his own ban, one signature check (33 us) for each forged munro until then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/endpoint.h"
#include "schema/random.h"
#include "stream/ppspp/allowance.h"
#include "stream/ppspp/download.h"
#include "stream/ppspp/effect.h"
#include "stream/ppspp/live/munro.h"
#include "stream/ppspp/swarm.h"
#include "stream/ppspp/upload.h"

namespace earshot::stream::ppspp {

/// kDraft10: the libswift family's. SHA-1, chunk32, a short list of options, signatures over the munro's hash alone,
/// timestamps in microseconds of Unix time.
enum class Dialect : std::uint8_t { kRfc7574, kDraft10 };

struct LiveConfig {
  std::uint32_t chunk_size = 1024;
  std::uint64_t chunks_per_munro = 8;   // a power of two, 2 to 64: half a second at 128 kbit/s
  std::uint64_t discard_window = 2048;  // chunks kept behind the newest: two minutes at 128 kbit/s
  std::size_t slots = 8;                // peers served at once
  std::size_t max_open = 64;            // channels; full: newcomers get no answer
  Pex pex = Pex::kPrivateNetworks;
  std::uint64_t ntp_at_zero = 0;        // the NTP time (32.32 bits) of Instant zero
  Addressing addressing = Addressing::kChunk32;
  Dialect dialect = Dialect::kRfc7574;  // an injector's; a listener's first choice
};

class LiveSwarm {
 public:
  /// A listener and relay.
  LiveSwarm(LiveKey key, const LiveConfig& config, Random random);
  /// The injector.
  LiveSwarm(LiveSigner signer, const LiveConfig& config, Random random);

  /// Appends bytes to the stream; they leave in whole munros. REQUIRES: this is the injector.
  void append(Instant now, ByteView bytes, Outbox& out);
  /// Fills what is left of the last munro with zeros, so that it can be signed. REQUIRES: as append.
  void end(Instant now, Outbox& out);

  void add_peer(Instant now, const Endpoint& endpoint, Outbox& out);
  void receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out);
  /// REQUIRES: as Swarm: no later than next_deadline(), and after each batch of datagrams.
  void tick(Instant now, Outbox& out);
  void leave(Instant now, Outbox& out);
  Instant next_deadline() const { return deadline_; }

  /// A verified chunk; empty: not here (not yet, or no more).
  ByteView get(std::uint64_t chunk) const;
  /// Verified chunks.
  const ChunkSet& verified() const { return verified_; }
  /// Where this listener tuned in; nothing before the first munro.
  std::optional<std::uint64_t> tuned_in() const { return tuned_in_; }
  /// One past the newest chunk that is signed.
  std::uint64_t end_of_stream() const { return munros_.empty() ? 0 : munros_.rbegin()->second.chunks().end; }

  struct Counters {
    std::uint64_t munros = 0, forged = 0, bans = 0, duplicates = 0, unprovable = 0, stale = 0, refused = 0, chunks_sent = 0, bytes_sent = 0;
    std::uint64_t unproven_in = 0, unproven_out = 0;
  };
  const Counters& counters() const { return counters_; }
  std::size_t channels() const { return channels_.size(); }
  /// Why peers were banned.
  const std::map<Endpoint, std::string>& banned() const { return banned_; }
  Dialect dialect() const { return config_.dialect; }
  /// Why the last peer whose handshake did not fit was refused; empty when none was.
  const std::string& last_refusal() const { return last_refusal_; }

 private:
  struct Channel {
    ChannelId ours{}, theirs{};
    Endpoint endpoint;
    Dialect dialect = Dialect::kRfc7574;        // of its handshake
    bool open = false, dialled = false;
    Instant began{}, heard{}, said{}, redial = kNever;
    unsigned dials = 0, unanswered = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;  // until it is open
    ChunkSet has;
    std::optional<Node> announced_munro;        // INTEGRITY that a SIGNED_INTEGRITY may follow
    Hints hints;
    Upload upload;
    Download download;
    std::uint64_t delay_us = 0;
    ChunkSet to_acknowledge, to_announce, to_request;
    bool chokes_us = false, choked_by_us = false, to_choke = false, to_unchoke = false;
    bool unchoke_unused = false;                // it was told, and has not asked since
    Instant asked_us{};
    std::uint64_t munro_shown = 0;              // end of the newest munro that it sent us
    std::uint64_t munro_told = 0;               // end of the newest munro that it was sent
    Instant munro_told_at{};
    Instant pex_asked{}, pex_answered{};
    bool to_ask_for_peers = false;
  };

  Agreement agreement(Dialect dialect) const;
  Options our_options(bool first, Dialect dialect) const;
  std::string why_not(const Options& options) const;
  bool accepts(const Options& options);
  void speak_in(Dialect dialect);
  bool may_speak_draft10() const;
  void dial(Instant now, Channel& channel, Outbox& out);
  void meet(Instant now, const Endpoint& from, ByteView datagram, Outbox& out);
  void opened(Instant now, Channel& channel);
  /// False: the channel is gone.
  bool take(Instant now, Channel& channel, const Message& message, Outbox& out);
  bool take_handshake(Instant now, Channel& channel, const Handshake& message, Outbox& out);
  bool take_munro(Instant now, Channel& channel, const SignedIntegrity& message, Outbox& out);
  bool take_data(Instant now, Channel& channel, const Data& message, Outbox& out);
  void take_request(Instant now, Channel& channel, ChunkRange chunks);
  void take_address(Instant now, Channel& channel, const Endpoint& endpoint);
  void answer_addresses(Instant now, Channel& channel, Outbox& out);

  void sign_next(Instant now, Outbox& out);
  void discard_old();
  void ask(Instant now);
  void fill_slots(Instant now);
  void speak(Instant now, Channel& channel, Outbox& out);
  void tell_munro(Instant now, Channel& channel, const Munro& munro, Outbox& out);
  void serve(Instant now, Outbox& out);
  void send_run(Instant now, Channel& channel, ChunkRange run, Outbox& out);
  bool owes_munro(const Channel& channel) const;
  void expire(Instant now, Outbox& out);
  void update_deadline(Instant now);

  Channel* find(ChannelId id);
  Channel* find(const Endpoint& endpoint);
  Channel& add_channel(Instant now, const Endpoint& endpoint);
  void commit(Instant now, Channel& channel, const DatagramWriter& writer, Outbox& out);
  void release(const ChunkSet& chunks);
  void remove(const Channel& channel);
  void ban(Instant now, Channel& channel, std::string why, Outbox& out);
  const MunroTree* tree_of(std::uint64_t chunk) const;
  std::uint64_t timestamp(Instant now) const;
  std::uint64_t window_begin() const;

  LiveKey key_;
  std::optional<LiveSigner> signer_;
  LiveConfig config_;
  WireFormat format_;
  MunroForm form_;
  bool settled_ = false;                       // the dialect: this is the injector, or a peer has opened in it
  std::string last_refusal_;
  Random random_;
  std::map<std::uint64_t, MunroTree> munros_;  // by first chunk
  std::vector<Bytes> unsigned_;                // the injector's chunks until they make a munro
  ChunkSet verified_;
  ChunkSet claimed_;                           // asked for, and not here
  std::optional<std::uint64_t> tuned_in_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::set<Endpoint> candidates_;              // to be dialled
  std::map<Endpoint, std::string> banned_;
  Instant pex_due_{};
  Instant served_round_{};
  std::size_t turn_ = 0;
  bool due_ = false;
  Instant deadline_ = kNever;
  Counters counters_;
};

}  // namespace earshot::stream::ppspp
