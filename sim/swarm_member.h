// One peer of a simulated swarm: the protocol's own code (stream::ppspp), a disk that needs no bytes, and a player.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "schema/endpoint.h"
#include "schema/time.h"
#include "sim/swarm_scenario.h"
#include "stream/ppspp/effect.h"
#include "stream/ppspp/live/live_key.h"
#include "stream/ppspp/merkle_tree.h"

namespace earshot::sim {

/// The content that all peers of a run are after, hashed once. What a peer verified has these bytes, so nobody stores any.
struct SharedContent {
  static SharedContent drawn(std::uint64_t seed, std::uint64_t chunks);

  Bytes bytes;
  Digest32 root{};
  std::vector<stream::ppspp::Node> peaks;
  std::map<std::uint64_t, stream::ppspp::TreePage> pages;
};

/// What a listener notices.
struct Listening {
  std::optional<Duration> start;   // from joining to the first sound
  std::uint32_t stalls = 0;        // times that the sound stopped
  Duration stalled{};
  Duration played{};
  std::optional<Duration> whole;   // vod: from joining until everything is here
  std::vector<Duration> delays;    // live: behind the source, looked at once a second
};

class SwarmMember {
 public:
  virtual ~SwarmMember() = default;

  virtual void receive(Instant now, const Endpoint& from, ByteView datagram, stream::ppspp::Outbox& out) = 0;
  virtual void loaded(Instant now, const stream::ppspp::Load& load, stream::ppspp::Outbox& out) = 0;
  virtual void tick(Instant now, stream::ppspp::Outbox& out) = 0;
  virtual void add_peer(Instant now, const Endpoint& endpoint, stream::ppspp::Outbox& out) = 0;
  virtual void leave(Instant now, stream::ppspp::Outbox& out) = 0;
  virtual Instant next_deadline() const = 0;
  /// A quarter of a second of the player's life, or of the source's.
  virtual void play(Instant now, stream::ppspp::Outbox& out) = 0;
  virtual const Listening& listening() const = 0;
};

inline constexpr Duration kPlayStep = 250ms;

/// `seeds`: has everything from the start and plays nothing.
std::unique_ptr<SwarmMember> vod_member(const SwarmSettings& settings, const SharedContent& content, bool seeds, std::uint64_t seed,
                                        Instant joined);

/// The source of a live stream, and who listens to it. All clocks are one.
std::unique_ptr<SwarmMember> live_source(const SwarmSettings& settings, const stream::ppspp::LiveSigner& signer, std::uint64_t seed,
                                         Instant joined);
std::unique_ptr<SwarmMember> live_listener(const SwarmSettings& settings, const stream::ppspp::LiveKey& key, std::uint64_t seed,
                                           Instant joined);

}  // namespace earshot::sim
