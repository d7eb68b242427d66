// Swarms joined by a network that exists in memory: it delays, loses, repeats and reorders as its seed says. Virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "schema/random.h"
#include "stream/ppspp/swarm.h"
#include "tests/impairment/impairment.h"
#include "tests/stream/content.h"
#include "tests/stream/datagram_network.h"

namespace earshot::stream::ppspp {

struct NetworkFaults {
  Duration delay = 20ms;
  Duration jitter = 0ms;
  std::uint64_t loss_percent = 0;
  std::uint64_t repeat_percent = 0;
  std::uint64_t bytes_per_second = 0;  // of each peer's uplink; 0: no limit
};

/// One peer and its disk.
class SimulatedPeer {
 public:
  SimulatedPeer(std::uint64_t seed, Endpoint endpoint, const Digest32& root, const SwarmConfig& config = {});

  void give_everything(const Published& published);
  void give(const Published& published, const ChunkSet& chunks);

  /// The content, when it is all here.
  Bytes assembled() const;

  Endpoint endpoint;  // may change: a router gave it a new one
  ChannelIds ids;
  Allowance allowance;
  Swarm swarm;
  std::map<std::uint64_t, Bytes> chunks;
  std::map<std::uint64_t, TreePage> pages;
  bool alive = true;
  /// Alters chunks before they are sent: a liar.
  std::function<void(std::uint64_t chunk, Bytes&)> lie;
};

class SwarmNetwork final : public DatagramNetwork<SimulatedPeer> {
 public:
  SwarmNetwork(std::uint64_t seed, NetworkFaults faults)
      : DatagramNetwork(Instant(1s)), faults_(faults), seed_(seed) {}

  SimulatedPeer& add(const Digest32& root, const SwarmConfig& config = {});
  /// As if this datagram had come from there.
  void inject(SimulatedPeer& to, const Endpoint& from, ByteView datagram);

  /// Every datagram that a peer sent passes here first.
  std::function<void(const SimulatedPeer& from, const Endpoint& to, ByteView)> on_send;
  std::uint64_t bytes_sent = 0;

 private:
  void carry_out(SimulatedPeer& peer) override;
  void transmit(const SimulatedPeer& from, const Endpoint& to, ByteView bytes);

  NetworkFaults faults_;
  std::map<Endpoint, impairment::Impairment> uplinks_;
  std::uint64_t seed_;
};

}  // namespace earshot::stream::ppspp
