// One channel: what a swarm knows of one peer. And the channel ids of a port, which say whose a datagram is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "schema/endpoint.h"
#include "schema/random.h"
#include "schema/time.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/download.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/message.h"
#include "stream/ppspp/upload.h"

namespace earshot::stream::ppspp {

class Swarm;

/// The channel ids in use on one port. Each is 32 random bits, never zero (RFC 7574, section 8.3, asks for what RFC 4960
/// section 5.1.3 says of verification tags), so a stranger who does not see the datagrams has to guess it.
class ChannelIds {
 public:
  explicit ChannelIds(Random random) : random_(random) {}

  ChannelId draw(Swarm& owner);
  std::uint64_t draw_number() { return random_.next(); }
  void release(ChannelId id) { owners_.erase(id); }
  /// Null for an id that is not in use.
  Swarm* owner(ChannelId id) const;

 private:
  Random random_;
  std::map<ChannelId, Swarm*> owners_;
};

struct Channel {
  /// Runs that a peer may announce: 1,024 x 16 bytes. More: it has them, we do not ask it for them.
  static constexpr std::size_t kMaxRuns = 1024;

  /// kDialling: we sent a handshake. kHalfOpen: we answered one; the address may be forged. kOpen: the peer has echoed
  /// the channel id that we drew, so it is where it says.
  enum class State : std::uint8_t { kDialling, kHalfOpen, kOpen };

  ChannelId ours{};
  ChannelId theirs{};
  Endpoint endpoint;
  State state = State::kDialling;

  Instant began{};
  Instant heard{};                          // last datagram from it
  Instant said{};                           // last datagram to it
  Instant redial = kNever;                  // dialling: when to repeat the handshake
  unsigned dials = 0;
  bool draft10 = false;                     // its handshake is the short one of libswift (swarm.h, rule 1)
  ChannelId replaces{};                     // the channel that this one takes the place of when it opens
  unsigned failures = 0;                    // times that dialling it was given up before
  unsigned unanswered = 0;                  // datagrams sent since one came
  std::uint64_t bytes_in = 0;               // while half open: what it may cost is what it spent
  std::uint64_t bytes_out = 0;
  std::uint32_t malformed = 0;

  std::optional<SupportedMessages> supported;  // absent: takes all
  bool chokes_us = false;
  ChunkSet has;                                // what it announced, at most kMaxRuns runs
  PeakCollector claim;
  Hints hints;
  Upload upload;
  Download download;
  Duration keep_alive{};                       // until the next one; grows

  // To be said with the next datagram.
  ChunkSet to_acknowledge;
  ChunkSet acknowledged, acknowledged_before;  // with the last two datagrams: said again, because they get lost, too
  std::uint64_t delay_us = 0;                  // the last delay sample
  ChunkSet to_cancel;
  ChunkSet to_request;
  ChunkSet to_announce;                        // of what we have
  std::uint64_t told = 0;                      // how many chunks we had when its greeting was answered in full
  unsigned probes = 0;                         // times we asked it for a chunk only to hear its claim

  std::uint64_t bytes_verified = 0;            // that it gave us

  // Slots (choker.h).
  Instant asked_us{};                          // its last REQUEST
  bool choked_by_us = false;
  bool never_served = true;
  Instant choked_since{};
  std::uint64_t bytes_served = 0;
  std::uint64_t verified_before = 0, served_before = 0;  // at the last round
  bool to_choke = false, to_unchoke = false;

  // Addresses.
  bool dialled = false;                        // by us, so its address can be reached by others too
  bool hearsay = false;                        // known from PEX only
  bool to_ask_for_peers = false;
  Instant pex_asked{}, pex_answered{};
  std::size_t pex_believed = 0;                // addresses it gave since it was asked

  bool takes(Kind kind) const { return !supported || supported->has(kind); }
  bool has_something_to_say() const {
    return !to_acknowledge.empty() || !to_request.empty() || !to_announce.empty() || !to_cancel.empty() || to_choke || to_unchoke || to_ask_for_peers;
  }
};

}  // namespace earshot::stream::ppspp
