// Graph generators.
#include "sim/topology.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "schema/check.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

using Edge = Topology::Edge;

Result<void> check_degree(std::uint32_t nodes, std::uint32_t degree, bool even) {
  if (degree == 0 || degree >= nodes) return fail(ErrorCode::kInvalid, "degree {} needs more than {} nodes", degree, degree);
  if (even && degree % 2 != 0) return fail(ErrorCode::kInvalid, "degree {} must be even for this graph", degree);
  return {};
}

/// Rows of fixed width that are filled edge by edge; answers "is there such an edge" by looking at one row.
class Rows {
 public:
  Rows(std::uint32_t nodes, std::uint32_t degree) : degree_(degree), cells_(std::size_t{nodes} * degree), sizes_(nodes) {}

  bool allows(std::uint32_t a, std::uint32_t b) const {
    return a != b && std::find(row(a), row(a) + sizes_[a], b) == row(a) + sizes_[a];
  }
  void add(std::uint32_t a, std::uint32_t b) {
    *(row(a) + sizes_[a]++) = b;
    *(row(b) + sizes_[b]++) = a;
  }
  void remove(std::uint32_t a, std::uint32_t b) {
    remove_end(a, b);
    remove_end(b, a);
  }

 private:
  std::uint32_t* row(std::uint32_t node) { return cells_.data() + std::size_t{node} * degree_; }
  const std::uint32_t* row(std::uint32_t node) const { return cells_.data() + std::size_t{node} * degree_; }
  void remove_end(std::uint32_t a, std::uint32_t b) {
    *std::find(row(a), row(a) + sizes_[a], b) = *(row(a) + sizes_[a] - 1);
    --sizes_[a];
  }

  std::uint32_t degree_;
  std::vector<std::uint32_t> cells_;
  std::vector<std::uint32_t> sizes_;
};

}  // namespace

Topology::Topology(std::uint32_t nodes, std::vector<Edge> edges) : starts_(std::size_t{nodes} + 1) {
  for (auto& [a, b] : edges) {
    EARSHOT_CHECK(a < nodes && b < nodes);
    if (a > b) std::swap(a, b);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  std::erase_if(edges, [](const Edge& edge) { return edge.first == edge.second; });
  EARSHOT_CHECK(edges.size() < (std::size_t{1} << 31));

  for (const auto& [a, b] : edges) ++starts_[a + 1], ++starts_[b + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  neighbors_.resize(2 * edges.size());
  mean_degree_ = static_cast<std::uint32_t>(neighbors_.size() / std::max(nodes, 1u));
  std::vector<std::uint32_t> ends(starts_.begin(), starts_.end() - 1);
  // Edges are sorted by their lower end, so first all lower neighbours of a node are written, then all higher ones.
  for (const auto& [a, b] : edges) neighbors_[ends[b]++] = PeerId{a};
  for (const auto& [a, b] : edges) neighbors_[ends[a]++] = PeerId{b};
}

std::size_t Topology::max_degree() const {
  std::size_t most = 0;
  for (std::uint32_t node = 0; node < nodes(); ++node) most = std::max(most, neighbors(PeerId{node}).size());
  return most;
}

Result<Topology> random_regular(std::uint32_t nodes, std::uint32_t degree, Random random) {
  if (auto ok = check_degree(nodes, degree, /*even=*/false); !ok) return tl::unexpected(ok.error());
  if (std::uint64_t{nodes} * degree % 2 != 0) {
    return fail(ErrorCode::kInvalid, "no graph has {} nodes of degree {}: one of the two must be even", nodes, degree);
  }
  std::vector<std::uint32_t> stubs;
  stubs.reserve(std::size_t{nodes} * degree);
  for (std::uint32_t node = 0; node < nodes; ++node) stubs.insert(stubs.end(), degree, node);

  std::vector<Edge> edges;
  std::vector<Edge> refused;
  std::optional<Rows> rows;
  do {  // again in the rare tiny graph where every pair is a loop
    random.shuffle(std::span(stubs));
    rows.emplace(nodes, degree);
    refused.clear();
    for (std::size_t i = 0; i < stubs.size(); i += 2) {
      const Edge edge{stubs[i], stubs[i + 1]};
      if (rows->allows(edge.first, edge.second)) {
        rows->add(edge.first, edge.second);
        edges.push_back(edge);
      } else {
        refused.push_back(edge);
      }
    }
  } while (edges.empty());
  // a-b is refused and x-y stands: a-x and b-y instead. In small dense graphs one swap may not suffice: then any standing
  // edge is refused in exchange, a random walk over graphs that ends with probability one.
  for (std::size_t tries = 0; !refused.empty(); ++tries) {
    if (tries > 1'000 * stubs.size()) return fail(ErrorCode::kInvalid, "no graph found with {} nodes of degree {}", nodes, degree);
    std::swap(refused.back(), refused[random.below(refused.size())]);
    const auto [a, b] = refused.back();
    if (rows->allows(a, b)) {
      rows->add(a, b);
      edges.emplace_back(a, b);
      refused.pop_back();
      continue;
    }
    Edge& standing = edges[random.below(edges.size())];
    auto [x, y] = standing;
    if (random.chance(1, 2)) std::swap(x, y);
    if (!rows->allows(a, x)) continue;
    if (rows->allows(b, y)) {
      rows->remove(x, y);
      rows->add(a, x);
      rows->add(b, y);
      standing = {a, x};
      edges.emplace_back(b, y);
      refused.pop_back();
    } else if (tries % 8 == 7) {
      rows->remove(x, y);
      rows->add(a, x);
      standing = {a, x};
      refused.back() = {b, y};
    }
  }
  return Topology(nodes, std::move(edges));
}

Result<Topology> erdos_renyi(std::uint32_t nodes, std::uint32_t degree, Random random) {
  if (auto ok = check_degree(nodes, degree, /*even=*/false); !ok) return tl::unexpected(ok.error());
  const std::size_t wanted = std::size_t{nodes} * degree / 2;
  std::vector<Edge> edges;
  while (edges.size() < wanted) {
    for (std::size_t missing = wanted - edges.size(); missing > 0; --missing) {
      const auto a = static_cast<std::uint32_t>(random.below(nodes));
      const auto b = static_cast<std::uint32_t>(random.below(nodes));
      if (a != b) edges.emplace_back(std::min(a, b), std::max(a, b));
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  }
  return Topology(nodes, std::move(edges));
}

Result<Topology> barabasi_albert(std::uint32_t nodes, std::uint32_t degree, Random random) {
  if (auto ok = check_degree(nodes, degree, /*even=*/true); !ok) return tl::unexpected(ok.error());
  const std::uint32_t links = degree / 2;
  std::vector<Edge> edges;
  std::vector<std::uint32_t> ends;  // each node as often as it has links: drawing from it prefers the well linked
  const auto link = [&](std::uint32_t a, std::uint32_t b) {
    edges.emplace_back(a, b);
    ends.push_back(a);
    ends.push_back(b);
  };
  for (std::uint32_t a = 0; a <= links; ++a) {
    for (std::uint32_t b = a + 1; b <= links; ++b) link(a, b);
  }
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t node = links + 1; node < nodes; ++node) {
    chosen.clear();
    while (chosen.size() < links) {
      const std::uint32_t other = ends[random.below(ends.size())];
      if (std::find(chosen.begin(), chosen.end(), other) == chosen.end()) chosen.push_back(other);
    }
    for (const std::uint32_t other : chosen) link(node, other);
  }
  return Topology(nodes, std::move(edges));
}

Result<Topology> watts_strogatz(std::uint32_t nodes, std::uint32_t degree, std::uint32_t rewire_per_million, Random random) {
  if (auto ok = check_degree(nodes, degree, /*even=*/true); !ok) return tl::unexpected(ok.error());
  const std::uint32_t half = degree / 2;
  std::vector<std::uint32_t> far_ends(std::size_t{nodes} * half);  // the links that each node began
  for (std::uint32_t node = 0; node < nodes; ++node) {
    for (std::uint32_t k = 0; k < half; ++k) {
      far_ends[std::size_t{node} * half + k] = static_cast<std::uint32_t>((std::uint64_t{node} + k + 1) % nodes);
    }
  }
  const auto began = [&](std::uint32_t node, std::uint32_t other) {
    const auto first = far_ends.begin() + static_cast<std::ptrdiff_t>(std::size_t{node} * half);
    return std::find(first, first + half, other) != first + half;
  };
  for (std::uint32_t k = 0; k < half; ++k) {  // lap by lap, as in the paper
    for (std::uint32_t node = 0; node < nodes; ++node) {
      if (!random.chance(rewire_per_million, 1'000'000)) continue;
      const auto other = static_cast<std::uint32_t>(random.below(nodes));
      if (other == node || began(node, other) || began(other, node)) continue;  // keeps its link, as in the paper
      far_ends[std::size_t{node} * half + k] = other;
    }
  }
  std::vector<Edge> edges;
  edges.reserve(far_ends.size());
  for (std::size_t i = 0; i < far_ends.size(); ++i) edges.emplace_back(static_cast<std::uint32_t>(i / half), far_ends[i]);
  return Topology(nodes, std::move(edges));
}

Result<Topology> two_tier(std::uint32_t nodes, std::uint32_t core, std::uint32_t degree, std::uint32_t leaf_links, Random random) {
  if (leaf_links > core) return fail(ErrorCode::kInvalid, "{} links of a leaf need as many core nodes, not {}", leaf_links, core);
  const Result<Topology> inner = random_regular(core, degree, random);
  if (!inner) return fail_in(fmt::format("the core of {} nodes", core), inner.error());
  Random leaves(SipKey{random.next(), random.next()});  // the core drew from a copy of `random`
  std::vector<Edge> edges;
  for (std::uint32_t node = 0; node < core; ++node) {
    for (const PeerId other : inner->neighbors(PeerId{node})) {
      if (node < to_number(other)) edges.emplace_back(node, to_number(other));
    }
  }
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t leaf = core; leaf < nodes; ++leaf) {
    chosen.clear();
    while (chosen.size() < leaf_links) {
      const auto other = static_cast<std::uint32_t>(leaves.below(core));
      if (std::find(chosen.begin(), chosen.end(), other) == chosen.end()) chosen.push_back(other);
    }
    for (const std::uint32_t other : chosen) edges.emplace_back(other, leaf);
  }
  return Topology(nodes, std::move(edges));
}

Result<Topology> imported_edges(const std::filesystem::path& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  std::unordered_map<std::uint32_t, std::uint32_t> numbers;
  const auto renumbered = [&](std::uint32_t id) {
    return numbers.try_emplace(id, static_cast<std::uint32_t>(numbers.size())).first->second;
  };
  std::vector<Edge> edges;
  Pieces lines(*text, '\n');
  std::string_view line;
  for (std::size_t number = 1; lines.next(line); ++number) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    if (!parse_number(line.substr(0, tab), a) || tab == line.size() || !parse_number(line.substr(tab + 1), b)) {
      if (number == 1) continue;  // the header
      return fail(ErrorCode::kInvalid, "{}:{}: '{}' is not two node numbers and a tab", path.string(), number, line);
    }
    const std::uint32_t first = renumbered(a);
    edges.emplace_back(first, renumbered(b));
  }
  if (edges.empty()) return fail(ErrorCode::kInvalid, "{}: no edges", path.string());
  return Topology(static_cast<std::uint32_t>(numbers.size()), std::move(edges));
}

std::uint32_t nodes_within(const Topology& topology, PeerId origin, std::uint32_t radius) {
  std::vector<bool> seen(topology.nodes());
  std::vector<PeerId> frontier{origin};
  seen[to_number(origin)] = true;
  std::uint32_t found = 0;
  for (; radius > 0 && !frontier.empty(); --radius) {
    std::vector<PeerId> next;
    for (const PeerId peer : frontier) {
      for (const PeerId neighbor : topology.neighbors(peer)) {
        if (seen[to_number(neighbor)]) continue;
        seen[to_number(neighbor)] = true;
        next.push_back(neighbor);
      }
    }
    found += static_cast<std::uint32_t>(next.size());
    frontier = std::move(next);
  }
  return found;
}

}  // namespace earshot::sim
