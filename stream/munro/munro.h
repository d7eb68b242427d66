// A signed stream of blocks over whatever carries messages both ways: UDP, an overlay's link, a pipe in memory. Who has the key
// appends; everybody else verifies, reads, and hands on to others. Pure, as the swarm below it (ppspp/live): the driver brings
// time and messages, and owns the transport.
//
// Rules
//  1. The id of a stream is its public key. A Munro made from the key alone reads and relays; only one made from the secret appends.
//  2. A block is a chunk of the swarm; blocks leave in signed groups, so block 0 can be read when its group is full, or ended.
//  3. get() may ask for what does not exist yet: it is answered when the block is here and verified. What lies behind the discard
//     window, or before this reader tuned in, is answered with an error at once; so is everything that waits when the Munro goes.
//  4. A link carries whole messages, at most kMaxMessage octets each, in any order, and may lose some. One side of a link dials.
//  5. A neighbor that alters a block is banned, and its link is dead from then on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "schema/bytes.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"
#include "stream/ppspp/live/live_swarm.h"

namespace earshot::stream::munro {

/// The longest message that a link must carry.
inline constexpr std::size_t kMaxMessage = ppspp::kMaxDatagram;

enum class LinkId : std::uint16_t {};
enum class Side : std::uint8_t { kDials, kAnswers };

class Munro {
 public:
  using Carry = std::function<void(ByteView message)>;   // the outgoing half of a link
  using Answer = std::function<void(Result<Bytes> block)>;

  /// Gets that wait. Full: further ones fail with kExhausted.
  static constexpr std::size_t kMaxWaiting = 4096;
  /// Links at once. Full: connect fails with kExhausted.
  static constexpr std::size_t kMaxLinks = 64;

  Munro(ppspp::LiveSigner signer, const ppspp::LiveConfig& config, Random random);
  Munro(ppspp::LiveKey key, const ppspp::LiveConfig& config, Random random);
  /// Whoever waits is answered with kStopped.
  ~Munro();
  Munro(const Munro&) = delete;
  Munro& operator=(const Munro&) = delete;

  /// A link to a neighbor. `carry` is called from within the calls below and must not call back into this.
  Result<LinkId> connect(Instant now, Side side, Carry carry);
  void receive(Instant now, LinkId from, ByteView message);
  void disconnect(LinkId link);

  /// Writes to the stream. Errors: kDenied without the secret.
  Result<void> append(Instant now, ByteView bytes);
  /// Fills the last group with zeros, so that all of it can be read. Errors: as append.
  Result<void> end(Instant now);

  /// Block `index`, now or when it is here. Errors, through `answer`: kNotFound (discarded), kExhausted, kStopped.
  void get(std::uint64_t index, Answer answer);

  /// Reads the stream in order, from where this Munro tuned in; blocks that were discarded before they were read are passed over.
  class Reader {
   public:
    explicit Reader(const Munro& munro) : munro_(&munro) {}
    /// The next bytes; 0: not here yet.
    std::size_t read(std::span<std::uint8_t> into);

   private:
    const Munro* munro_;
    std::uint64_t block_ = 0;
    std::size_t offset_ = 0;
  };

  /// REQUIRES: no later than next_deadline(), and after each batch of messages.
  void tick(Instant now);
  Instant next_deadline() const { return swarm_.next_deadline(); }

  ByteView id() const { return key_.swarm_id(); }
  /// One past the newest block that is signed.
  std::uint64_t size() const { return swarm_.end_of_stream(); }
  const ppspp::LiveSwarm& swarm() const { return swarm_; }

 private:
  Munro(ppspp::LiveKey key, const ppspp::LiveConfig& config, bool appends, ppspp::LiveSwarm swarm);
  void settle();
  bool is_gone(std::uint64_t index) const;
  std::uint64_t window_begin() const;

  ppspp::LiveKey key_;
  ppspp::LiveConfig config_;
  bool appends_;
  ppspp::LiveSwarm swarm_;
  ppspp::Outbox out_;
  std::map<LinkId, Carry> links_;
  std::uint16_t next_link_ = 1;
  std::multimap<std::uint64_t, Answer> waiting_;  // by index
};

}  // namespace earshot::stream::munro
