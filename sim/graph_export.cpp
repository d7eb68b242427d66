// Writing graphs, and reading our own.
#include "sim/graph_export.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/table_file.h"

namespace earshot::sim {

namespace {

/// The number behind `before` in a line, and the line from there on.
bool number_behind(std::string_view& line, std::string_view before, std::uint32_t& number) {
  const std::size_t place = line.find(before);
  if (place == std::string_view::npos) return false;
  line.remove_prefix(place + before.size());
  return parse_number(line.substr(0, line.find('"')), number);
}

}  // namespace

OverlayGraph graph_of(const Population& population) {
  OverlayGraph graph;
  for (std::uint32_t i = population.range().first; i < population.range().end; ++i) {
    const Seat& seat = population.seat(PeerId{i});
    if (!seat.alive) continue;
    graph.peers.push_back(i);
    for (const PeerId neighbor : seat.peer.neighbors()) {
      const std::uint32_t other = to_number(neighbor);
      if (population.seat(neighbor).alive) graph.links.emplace_back(std::min(i, other), std::max(i, other));
    }
  }
  std::sort(graph.links.begin(), graph.links.end());
  graph.links.erase(std::unique(graph.links.begin(), graph.links.end()), graph.links.end());
  return graph;
}

std::vector<std::uint32_t> degrees_of(const Population& population) {
  std::vector<std::uint32_t> degrees;
  for (std::uint32_t i = population.range().first; i < population.range().end; ++i) {
    const Seat& seat = population.seat(PeerId{i});
    if (!seat.alive) continue;
    const std::size_t degree = seat.peer.neighbors().size();
    if (degree >= degrees.size()) degrees.resize(degree + 1);
    ++degrees[degree];
  }
  return degrees;
}

std::string graphml(const OverlayGraph& graph, Instant at) {
  std::vector<std::uint32_t> degrees(graph.peers.empty() ? 0 : graph.peers.back() + 1);
  for (const auto& [from, to] : graph.links) ++degrees[from], ++degrees[to];
  std::string text = fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="at_us" for="graph" attr.name="at_us" attr.type="long"/>
<key id="degree" for="node" attr.name="degree" attr.type="int"/>
<graph id="overlay" edgedefault="undirected">
<data key="at_us">{}</data>
)",
                                 at.time_since_epoch().count());
  for (const std::uint32_t peer : graph.peers) {
    text += fmt::format("<node id=\"n{}\"><data key=\"degree\">{}</data></node>\n", peer, degrees[peer]);
  }
  for (const auto& [from, to] : graph.links) text += fmt::format("<edge source=\"n{}\" target=\"n{}\"/>\n", from, to);
  return text + "</graph>\n</graphml>\n";
}

std::string edge_list(const OverlayGraph& graph) {
  std::string text = "from\tto\n";
  for (const auto& [from, to] : graph.links) text += fmt::format("{}\t{}\n", from, to);
  return text;
}

Result<OverlayGraph> graph_from(std::string_view graphml) {
  OverlayGraph graph;
  Pieces lines(graphml, '\n');
  for (std::string_view line; lines.next(line);) {
    std::uint32_t from = 0, to = 0;
    if (line.starts_with("<node ")) {
      if (!number_behind(line, "id=\"n", from)) return fail(ErrorCode::kCorrupt, "no node: {}", line);
      graph.peers.push_back(from);
    } else if (line.starts_with("<edge ")) {
      if (!number_behind(line, "source=\"n", from) || !number_behind(line, "target=\"n", to)) {
        return fail(ErrorCode::kCorrupt, "no edge: {}", line);
      }
      graph.links.emplace_back(from, to);
    }
  }
  for (const auto& [from, to] : graph.links) {
    if (!std::binary_search(graph.peers.begin(), graph.peers.end(), from) || !std::binary_search(graph.peers.begin(), graph.peers.end(), to)) {
      return fail(ErrorCode::kCorrupt, "an edge between {} and {}, who are no nodes", from, to);
    }
  }
  return graph;
}

}  // namespace earshot::sim
