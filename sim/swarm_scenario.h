// A scenario with a [swarm]: one content, or one live stream, among many peers, instead of questions to an overlay. Read as strictly
// as the others (scenario.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "sim/duration_law.h"
#include "sim/network.h"
#include "sim/scenario.h"

namespace earshot::sim {

enum class SwarmKind : std::uint8_t { kVod, kLive };

struct SwarmSettings {
  SwarmKind kind = SwarmKind::kVod;
  std::uint32_t content_kib = 1920;            // vod: two minutes at 128 kbit/s
  Duration time = 240s;                        // simulated; vod without sessions ends when everybody has everything
  std::uint32_t bit_rate = 131'072;            // of the sound
  std::uint32_t source_kbit = 2'000;           // uplinks
  std::uint32_t peer_kbit = 1'000;
  std::uint32_t source_slots = 8;              // peers that the source serves at once
  Duration join_interval = 50ms;               // between two peers' joining
  std::uint32_t providers = 4;                 // that a newcomer is told, as by hits; the others come from peers
  Duration buffer = 2s;                        // sound that a player wants before it begins, and after it stood still
  std::optional<DurationSettings> session;     // how long peers stay; another comes at once. Absent: all stay
  std::uint32_t graceful_per_million = 500'000;  // share of those who go that say good-bye
};

struct SwarmScenario {
  std::string name;
  std::uint32_t peers = 0;  // without the source
  NetworkSettings network;
  SwarmSettings swarm;
};

/// Nothing when the scenario has no [swarm]. Errors: kInvalid, as parse_scenario.
Result<std::optional<SwarmScenario>> parse_swarm_scenario(std::string_view text, const std::filesystem::path& path,
                                                          const std::vector<Override>& overrides);

}  // namespace earshot::sim
