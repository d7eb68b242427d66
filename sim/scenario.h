// A scenario: everything that a run depends on but its seed, read from a TOML file whose version is 1.
//
// Reading is strict: an unknown key, a wrong type or a value out of range is an error that names the file, the line, the key
// and what is allowed. Rationale: a misspelt key that is silently ignored is a wrong result that looks right.
// The keys stand in scenario.cpp, one line each, with their bounds; sim/scenarios has commented examples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "overlay/config.h"
#include "schema/result.h"
#include "schema/search.h"
#include "schema/time.h"
#include "sim/attacker.h"
#include "sim/fixed_math.h"
#include "sim/lives.h"
#include "sim/network.h"
#include "sim/roles.h"

namespace earshot::sim {

enum class TopologyKind : std::uint8_t { kRandomRegular, kErdosRenyi, kBarabasiAlbert, kWattsStrogatz, kTwoTier, kEdges, kMembership };

struct TopologySettings {
  TopologyKind kind = TopologyKind::kRandomRegular;
  std::uint32_t degree = 8;                    // mean, of the generated graphs
  std::uint32_t rewire_per_million = 100'000;  // Watts-Strogatz
  std::uint32_t core_per_million = 100'000;    // two-tier: share of the peers that are the core, a random graph of `degree`
  std::uint32_t leaf_links = 2;                // two-tier: core peers that each other one is linked to
  std::filesystem::path file;                  // edges
  Duration join_interval = 10ms;               // membership: between two peers' joining
  Duration join_doubling{};                    // membership: or, if not 0, the time in which their number doubles
  std::uint32_t contacts = 2;                  // membership: earlier peers that each knows
  Duration settle = 60s;                       // membership: from the last join to the first question
};

enum class Replication : std::uint8_t { kCount, kZipf, kProportional, kSquareRoot, kLibraries, kKinds };

struct CatalogSettings {
  std::uint32_t items = 1000;
  Replication replication = Replication::kCount;
  std::uint32_t copies = 10;                   // of each item (count), or on average
  Fixed exponent = kFixedOne;                  // zipf
  std::filesystem::path file;                  // libraries
};

enum class Popularity : std::uint8_t { kUniform, kZipf, kCounts };

/// For a while, a share of the questions are about one thing.
struct FlashCrowdSettings {
  Duration at{};                               // after the first question
  Duration until{};
  std::uint32_t per_million = 500'000;
  std::uint32_t item = 0;
};

enum class Arrivals : std::uint8_t { kRegular, kPoisson };

struct WorkloadSettings {
  std::uint32_t questions = 100;
  Duration interval = 1s;
  Duration each{};                             // instead of the interval: how often each peer asks
  Duration span{};                             // instead of the number: for how long they ask
  Arrivals arrivals = Arrivals::kRegular;
  Popularity popularity = Popularity::kUniform;
  Fixed exponent = kFixedOne;                  // zipf
  std::uint32_t flat_head = 1;                 // zipf: so many first ranks weigh the same
  std::filesystem::path file;                  // counts
  Duration from{};                             // after everybody is there: the first question
  std::uint16_t wanted = 50;                   // hits after which no more peers are asked
  Duration time = 10s;                         // how long a question stays open
  std::vector<FlashCrowdSettings> flash_crowds;
};

/// One way to ask. A run is one seed with one of them, on the same graph with the same questions.
struct SearchSettings {
  std::string name;
  StrategyKind strategy = StrategyKind::kFlood;
  std::uint16_t ttl = 0;      // 0: as in [protocol]
  std::uint8_t walkers = 0;   // the same
  std::uint16_t wanted = 0;   // 0: as in [questions]
};

/// Who publishes a digest of his library.
enum class PublishedBy : std::uint8_t {
  kNobody,
  kHolders,  // of items that are asked for, and as many others for canaries: what others publish changes nothing for them
  kAll,
};

struct DigestSettings {
  PublishedBy publish = PublishedBy::kNobody;
  std::uint32_t bytes = 6760;                  // of each: 3,000 keys with 18 bits
  std::uint8_t canaries = 8;                   // in each question
  bool size_known = false;                     // fixed graphs: peers know the network's size and degree, as after a restart
};

/// A share of the peers that are alive dies at once, without a word.
struct CrashSettings {
  Duration at{};              // after the last join; before it, nobody dies
  std::uint32_t per_million = 0;
  Duration back{};            // how long after it they join again; 0: never
};

/// The clocks of a share of the peers jump ahead, as after a machine has slept.
struct ClockStepSettings {
  Duration at{};              // after the last join
  std::uint32_t per_million = 0;
  Duration by{};
};

/// Looks taken while a run goes on, all on the same clock.
struct ProbeSettings {
  Duration every{};           // 0: none
  bool component = false;     // also the largest component, which costs a look at every view
};

struct Scenario {
  std::string name;
  std::optional<std::uint32_t> peers;          // a file of edges knows its own number
  std::uint32_t seen_slots = 56;               // of each peer: queries that it remembers
  TopologySettings topology;
  NetworkSettings network;
  CatalogSettings catalog;
  WorkloadSettings workload;
  std::vector<SearchSettings> searches;
  std::vector<CrashSettings> crashes;
  std::vector<PartitionSettings> partitions;
  std::vector<ClockStepSettings> clock_steps;
  std::vector<ClassSettings> classes;
  std::vector<AttackerSettings> attackers;
  std::optional<ChurnSettings> churn;
  DigestSettings digests;
  ProbeSettings probe;
  bool bare = false;                           // no protocol: bare.h
  overlay::Config protocol;
};

/// A key with its value as people write it, "network.loss" and "0.1"; wins over the file. "search.ttl" means every [[search]],
/// "search.walk.ttl" the one of that name.
using Override = std::pair<std::string, std::string>;

/// Errors: kNotFound; kInvalid, "file:line: key: what is wrong, what is allowed". Files that a scenario names are looked for
/// beside it.
Result<Scenario> load_scenario(const std::filesystem::path& path, const std::vector<Override>& overrides);

/// The same from a text; `path` is for messages and for files named in it.
Result<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& path,
                                const std::vector<Override>& overrides);

}  // namespace earshot::sim
