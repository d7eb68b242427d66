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
      case TopologyKind::kTwoTier: {
        const auto core = static_cast<std::uint32_t>(std::uint64_t{peers} * settings.core_per_million / 1'000'000);
        return two_tier(peers, core, settings.degree, settings.leaf_links, random);
      }
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

Result<std::optional<Distances>> draw_distances(const NetworkSettings& settings, std::uint32_t peers, std::uint64_t seed) {
  const Random random = stream(seed, 0, Purpose::kPlace);
  if (settings.law != LatencyLaw::kCoordinates && settings.law != LatencyLaw::kMatrix) return std::optional<Distances>();
  if (settings.file.empty()) return std::optional<Distances>(Distances::drawn(settings.median, peers, random));
  Result<Distances> read = settings.law == LatencyLaw::kMatrix ? Distances::matrix(settings.file, peers, random)
                                                               : Distances::coordinates(settings.file, peers, random);
  if (!read) return fail_in("network", std::move(read.error()));
  return std::optional<Distances>(std::move(*read));
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

/// A third of the items popular, at one peer in a hundred; a third at one in a thousand; a third at one peer alone.
std::vector<std::uint32_t> copies_of_kinds(std::uint32_t items, std::uint32_t peers) {
  std::vector<std::uint32_t> copies(items, 1);
  for (std::uint32_t i = 0; i < items; ++i) {
    if (i < items / 3 * 2) copies[i] = std::max(peers / 1000, 1u);
    if (i < items / 3) copies[i] = std::max(peers / 100, 1u);
  }
  return copies;
}

Result<Catalog> draw_catalog(const Scenario& scenario, std::uint32_t peers, std::uint64_t seed) {
  const CatalogSettings& settings = scenario.catalog;
  const Random random = stream(seed, 0, Purpose::kCatalog);
  if (settings.replication == Replication::kLibraries) return Catalog::imported(settings.file, peers, random);
  if (settings.copies > peers) {
    return fail(ErrorCode::kInvalid, "catalog.copies: {} copies of an item among {} peers", settings.copies, peers);
  }
  if (settings.replication == Replication::kKinds) return Catalog(peers, copies_of_kinds(settings.items, peers), random);
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

/// From one question to the next: on the average the interval, exponential if they arrive as a Poisson process.
Duration next_gap(const WorkloadSettings& settings, Duration interval, Random& random) {
  if (settings.arrivals == Arrivals::kRegular) return interval;
  constexpr Fixed kLn2 = 2'977'044'472;
  const Fixed half_lives = Fixed{64} * kFixedOne - fixed_log2(random.next() | 1);
  return Duration(fixed_multiply(fixed_multiply(half_lives, kLn2), interval.count()));
}

std::vector<Question> draw_questions(const WorkloadSettings& settings, const Catalog& catalog, const Weights& weights,
                                     std::uint32_t peers, Instant first, std::uint64_t seed) {
  const WeightedDraw draw(weights);
  Random random = stream(seed, 0, Purpose::kWorkload);
  Random timing = stream(seed, 1, Purpose::kWorkload);
  const Duration interval = settings.each > Duration::zero() ? std::max(Duration(1), settings.each / peers) : settings.interval;
  const bool by_span = settings.span > Duration::zero();
  std::vector<Question> questions;
  Instant at = first;
  while (by_span ? at - first < settings.span : questions.size() < settings.questions) {
    std::uint32_t item = draw(random);
    for (const FlashCrowdSettings& crowd : settings.flash_crowds) {
      const bool now = at - first >= crowd.at && at - first < crowd.until;
      if (now && timing.chance(crowd.per_million, 1'000'000)) item = std::min(crowd.item, catalog.items() - 1);
    }
    questions.push_back({at, draw_origin(catalog, item, peers, random), item});
    at += next_gap(settings, interval, timing);
  }
  return questions;
}

}  // namespace

Instant join_time(const TopologySettings& settings, std::uint32_t peer) {
  if (settings.join_doubling == Duration::zero() || peer == 0) return Instant{} + peer * settings.join_interval;
  return Instant{} + Duration(fixed_multiply(fixed_log2(peer), settings.join_doubling.count()));
}

Result<World> build_world(const Scenario& scenario, std::uint64_t seed) {
  Result<std::optional<Topology>> topology = draw_topology(scenario, seed);
  if (!topology) return tl::unexpected(topology.error());
  const std::uint32_t peers = *topology ? (*topology)->nodes() : scenario.peers.value_or(0);
  Result<Catalog> catalog = draw_catalog(scenario, peers, seed);
  if (!catalog) return tl::unexpected(catalog.error());
  const Result<Weights> weights = popularity_of(scenario.workload, catalog->items());
  if (!weights) return tl::unexpected(weights.error());

  Result<std::optional<Distances>> distances = draw_distances(scenario.network, peers, seed);
  if (!distances) return tl::unexpected(distances.error());
  std::optional<Churn> churn;
  if (scenario.churn) {
    Result<Churn> drawn = Churn::from(*scenario.churn);
    if (!drawn) return tl::unexpected(drawn.error());
    churn = std::move(*drawn);
  }
  World world{peers, std::move(*topology), {}, std::move(*distances), std::move(churn), std::move(*catalog), {}};
  Instant first{};
  if (!world.topology) {
    world.ready = join_time(scenario.topology, peers - 1);
    first = world.ready + scenario.topology.settle;
  }
  first += scenario.workload.from;
  world.questions = draw_questions(scenario.workload, world.catalog, *weights, peers, first, seed);
  return world;
}

}  // namespace earshot::sim
