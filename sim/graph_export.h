// Who knows whom, as files for other programs and for a drawing: GraphML (Brandes et al. 2002; Gephi, networkx, igraph read it) and
// a plain list of edges, which a scenario may import again (topology.kind = "edges").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "sim/population.h"

namespace earshot::sim {

/// The living peers and the links between them; a link is an entry of either active view.
struct OverlayGraph {
  std::vector<std::uint32_t> peers;                             // ascending
  std::vector<std::pair<std::uint32_t, std::uint32_t>> links;   // ascending, the smaller number first, none twice
};

/// REQUIRES: the population of a whole run, not of one of its parts.
OverlayGraph graph_of(const Population& population);

/// How many of the living have 0, 1, 2, ... neighbours.
std::vector<std::uint32_t> degrees_of(const Population& population);

/// Nodes n0, n1, ... by the peers' numbers, with their degree; `at` stands in the graph's own data.
std::string graphml(const OverlayGraph& graph, Instant at);

/// A header line "from<TAB>to", then a link a line. Peers without links are not in it.
std::string edge_list(const OverlayGraph& graph);

/// What graphml() wrote. Errors: kCorrupt; it reads no other program's files.
Result<OverlayGraph> graph_from(std::string_view graphml);

}  // namespace earshot::sim
