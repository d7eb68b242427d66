// The keys of a [swarm] and their bounds.
#include "sim/swarm_scenario.h"

#include <array>

#include "sim/scenario_reader.h"

namespace earshot::sim {

namespace {

void read_swarm(Reader& in, SwarmSettings& swarm, const std::filesystem::path& path) {
  static constexpr std::array<std::pair<std::string_view, SwarmKind>, 2> kKinds{{{"vod", SwarmKind::kVod}, {"live", SwarmKind::kLive}}};
  in.choice<SwarmKind>("kind", swarm.kind, kKinds);
  if (swarm.kind == SwarmKind::kVod) in.whole("content_kib", swarm.content_kib, 2, 1'000'000);
  in.duration("time_s", swarm.time, 1, 100'000);
  in.whole("bit_rate", swarm.bit_rate, 32'768, 100'000'000);
  in.whole("source_kbit", swarm.source_kbit, 1, 10'000'000);
  in.whole("peer_kbit", swarm.peer_kbit, 1, 10'000'000);
  in.whole("source_slots", swarm.source_slots, 1, 64);
  in.duration("join_interval_ms", swarm.join_interval, 0, 3'600'000);
  in.whole("providers", swarm.providers, 1, 64);
  in.duration("buffer_ms", swarm.buffer, 250, 60'000);
  in.within("session", [&](Reader& law) { read_duration_law(law, swarm.session.emplace(), path); });
  in.share("graceful", swarm.graceful_per_million);
}

}  // namespace

Result<std::optional<SwarmScenario>> parse_swarm_scenario(std::string_view text, const std::filesystem::path& path,
                                                          const std::vector<Override>& overrides) {
  const auto root = read_table(text, path, overrides);
  if (!root) return tl::unexpected(root.error());
  if (!root->contains("swarm")) return std::nullopt;
  SwarmScenario scenario;
  scenario.name = path.stem().string();
  std::optional<Error> error;
  Reader top(*root, "", error);
  const auto section = [&](std::string_view key, auto read) {
    const toml::node* node = top.find(key);
    if (node == nullptr) return;
    if (!node->is_table()) return top.complain(*node, key, fmt::format("must be a table, [{}]", key));
    Reader reader(*node->as_table(), std::string(key), error);
    read(reader);
    reader.finish();
  };
  std::int64_t version = 0;
  if (!top.has("version")) top.complain("version is missing; this program reads version = 1");
  top.whole("version", version, 1, 1);
  top.name("name", scenario.name);
  section("population", [&](Reader& in) { in.whole("peers", scenario.peers, 1, 1'000'000); });
  section("network", [&](Reader& in) { read_network(in, scenario.network, path); });
  section("swarm", [&](Reader& in) { read_swarm(in, scenario.swarm, path); });
  top.finish();
  if (scenario.peers == 0) top.complain("population.peers is missing, and --nodes was not given");
  if (error) return tl::unexpected(std::move(*error));
  return scenario;
}

}  // namespace earshot::sim
