// Static overlays: who is whose neighbour, drawn from the models of the literature or read from a file. Undirected, without
// loops and double edges. The live membership protocol makes its own graph and is no business of this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "schema/ids.h"
#include "schema/prefetch.h"
#include "schema/random.h"
#include "schema/result.h"

namespace earshot::sim {

/// An undirected graph in compressed rows: the neighbours of a peer are one sorted slice of one array.
class Topology {
 public:
  using Edge = std::pair<std::uint32_t, std::uint32_t>;

  /// REQUIRES: both ends of each edge below `nodes`, fewer than 2^31 edges. Loops and repetitions are dropped.
  Topology(std::uint32_t nodes, std::vector<Edge> edges);

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(starts_.size() - 1); }
  std::size_t edges() const { return neighbors_.size() / 2; }
  std::span<const PeerId> neighbors(PeerId peer) const {
    const std::uint32_t begin = starts_[to_number(peer)];
    return {neighbors_.data() + begin, starts_[to_number(peer) + 1] - begin};
  }
  /// Asks for what neighbors() will look at. Of most graphs where a slice begins can be guessed from the mean degree.
  void prefetch(PeerId peer) const {
    earshot::prefetch(&starts_[to_number(peer)]);
    earshot::prefetch(neighbors_.data() + std::size_t{to_number(peer)} * mean_degree_);
  }
  std::size_t max_degree() const;
  std::size_t bytes() const { return starts_.capacity() * sizeof(std::uint32_t) + neighbors_.capacity() * sizeof(PeerId); }
  /// Where the slice of a peer begins in the array of all slices.
  std::uint32_t start(PeerId peer) const { return starts_[to_number(peer)]; }

 private:
  std::vector<std::uint32_t> starts_;
  std::vector<PeerId> neighbors_;
  std::uint32_t mean_degree_ = 0;  // rounded down
};

/// Every node has exactly `degree` neighbours: random pairs of stubs, where a pair that would be a loop or a double edge swaps
/// ends with another pair. Errors: kInvalid when no such graph exists.
Result<Topology> random_regular(std::uint32_t nodes, std::uint32_t degree, Random random);

/// Erdős and Rényi 1959, G(n, m): m = nodes x degree / 2 edges, all such graphs equally likely. May fall apart.
Result<Topology> erdos_renyi(std::uint32_t nodes, std::uint32_t degree, Random random);

/// Barabási and Albert 1999: each newcomer links to degree / 2 others, preferring those with many links; from a clique of
/// degree / 2 + 1. REQUIRES an even degree, else kInvalid.
Result<Topology> barabasi_albert(std::uint32_t nodes, std::uint32_t degree, Random random);

/// Watts and Strogatz 1998: a ring where each node knows the degree / 2 next on either side, and each link's far end moves to
/// a random node with probability rewire_per_million / 10^6.
Result<Topology> watts_strogatz(std::uint32_t nodes, std::uint32_t degree, std::uint32_t rewire_per_million, Random random);

/// Two tiers, as Gnutella 0.6: the first share of the nodes is the core, a random regular graph of `degree`; each other node, a
/// leaf, is linked to `leaf_links` different nodes of the core at random. Errors: kInvalid when the core is too small.
Result<Topology> two_tier(std::uint32_t nodes, std::uint32_t core, std::uint32_t degree, std::uint32_t leaf_links, Random random);

/// Two columns of node numbers separated by a tab, with or without a header line; nodes are renumbered in the order of their
/// first appearance. Errors: those of read_text; kInvalid, naming the line.
Result<Topology> imported_edges(const std::filesystem::path& path);

/// Nodes within `radius` hops of `origin`, itself not counted: plain breadth-first search.
std::uint32_t nodes_within(const Topology& topology, PeerId origin, std::uint32_t radius);

}  // namespace earshot::sim
