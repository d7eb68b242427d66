// Building graph, catalogue and workload from a scenario and a seed.
#include "sim/world.h"

#include <algorithm>

#include "sim/popularity.h"
#include "sim/streams.h"

namespace earshot::sim {

namespace {

Result<std::optional<Topology>> draw_topology(const Scenario& scenario, std::uint64_t seed) {
  const TopologySettings& settings = scenario.topology;
  const std::uint32_t peers = scenario.peers.value_or(0);
  const Random random = stream(seed, 0, Purpose::kTopology);
  const auto draw = [&]() -> Result<Topology> {
    switch (settings.kind) {
      case TopologyKind::kRandomRegular: return random_regular(peers, settings.degree, random);
      case TopologyKind::kErdosRenyi: return erdos_renyi(peers, settings.degree, random);
      case TopologyKind::kBarabasiAlbert: return barabasi_albert(peers, settings.degree, random);
      case TopologyKind::kWattsStrogatz: return watts_strogatz(peers, settings.degree, settings.rewire_per_million, random);
      case TopologyKind::kEdges: return imported_edges(settings.file);
      case TopologyKind::kMembership: break;
    }
    return fail(ErrorCode::kInvalid, "the membership protocol makes its own graph");
  };
  if (settings.kind == TopologyKind::kMembership) return std::optional<Topology>();
  Result<Topology> topology = draw();
  if (!topology) return fail_in("topology", std::move(topology.error()));
  if (scenario.peers && *scenario.peers != topology->nodes()) {
    return fail(ErrorCode::kInvalid, "topology: {} has {} nodes, but {} peers are wanted: leave population.peers out",
                settings.file.string(), topology->nodes(), peers);
  }
  if (topology->max_degree() > 65'535) {
    return fail(ErrorCode::kInvalid, "topology: a node has {} neighbours; a peer can have 65,535", topology->max_degree());
  }
  return std::optional<Topology>(std::move(*topology));
}

/// How wanted each of `items` is.
Result<Weights> popularity_of(const WorkloadSettings& settings, std::uint32_t items) {
  switch (settings.popularity) {
    case Popularity::kUniform: return uniform_weights(items);
    case Popularity::kZipf: return zipf_weights(items, settings.exponent, settings.flat_head);
    case Popularity::kCounts: break;
  }
  Result<Weights> weights = imported_weights(settings.file);
  if (!weights) return fail_in("questions", std::move(weights.error()));
  weights->resize(items);  // items beyond the table are never asked for
  return weights;
}

Result<Catalog> draw_catalog(const Scenario& scenario, std::uint32_t peers, std::uint64_t seed) {
  const CatalogSettings& settings = scenario.catalog;
  const Random random = stream(seed, 0, Purpose::kCatalog);
  if (settings.replication == Replication::kLibraries) return Catalog::imported(settings.file, peers, random);
  if (settings.copies > peers) {
    return fail(ErrorCode::kInvalid, "catalog.copies: {} copies of an item among {} peers", settings.copies, peers);
  }
  if (settings.replication == Replication::kCount) {
    return Catalog(peers, std::vector<std::uint32_t>(settings.items, settings.copies), random);
  }
  Result<Weights> weights = settings.replication == Replication::kZipf
                                ? Result<Weights>(zipf_weights(settings.items, settings.exponent, /*flat_head=*/1))
                                : popularity_of(scenario.workload, settings.items);
  if (!weights) return tl::unexpected(weights.error());
  if (settings.replication == Replication::kSquareRoot) *weights = square_roots(*weights);
  const std::uint64_t total = std::uint64_t{settings.items} * settings.copies;
  return Catalog(peers, apportioned(*weights, total, peers), random);
}

/// Someone who does not hold the item, as far as a few tries find one: who has it need not ask.
PeerId draw_origin(const Catalog& catalog, std::uint32_t item, std::uint32_t peers, Random& random) {
  PeerId origin{static_cast<std::uint32_t>(random.below(peers))};
  for (int tries = 0; tries < 64 && catalog.holds(origin, item); ++tries) {
    origin = PeerId{static_cast<std::uint32_t>(random.below(peers))};
  }
  return origin;
}

}  // namespace

Result<World> build_world(const Scenario& scenario, std::uint64_t seed) {
  Result<std::optional<Topology>> topology = draw_topology(scenario, seed);
  if (!topology) return tl::unexpected(topology.error());
  const std::uint32_t peers = *topology ? (*topology)->nodes() : scenario.peers.value_or(0);
  Result<Catalog> catalog = draw_catalog(scenario, peers, seed);
  if (!catalog) return tl::unexpected(catalog.error());
  const Result<Weights> weights = popularity_of(scenario.workload, catalog->items());
  if (!weights) return tl::unexpected(weights.error());

  World world{peers, std::move(*topology), {}, std::move(*catalog), {}};
  Instant first{};
  if (!world.topology) {
    world.ready += (peers - 1) * scenario.topology.join_interval;
    first = world.ready + scenario.topology.settle;
  }
  const WeightedDraw draw(*weights);
  Random random = stream(seed, 0, Purpose::kWorkload);
  for (std::uint32_t i = 0; i < scenario.workload.questions; ++i) {
    const std::uint32_t item = draw(random);
    const PeerId origin = draw_origin(world.catalog, item, peers, random);
    world.questions.push_back({first + i * scenario.workload.interval, origin, item});
  }
  return world;
}

}  // namespace earshot::sim
