// Springs and charges (Fruchterman and Reingold 1991), cooled over 300 rounds from places drawn with a fixed seed.
#include "sim/overlay_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "schema/random.h"
#include "sim/figure.h"

namespace earshot::sim {

namespace {

constexpr double kSide = 560;
constexpr int kRounds = 300;

struct Place {
  double x = 0, y = 0;
};

std::vector<Place> random_places(std::size_t count) {
  Random random = Random::stream(1, 0, 0);
  constexpr std::uint64_t kGrain = 1 << 20;
  std::vector<Place> places(count);
  for (Place& place : places) {
    place.x = static_cast<double>(random.below(kGrain)) / kGrain;
    place.y = static_cast<double>(random.below(kGrain)) / kGrain;
  }
  return places;
}

void pull(Place& from, Place& to, double dx, double dy, double force) {
  from.x += dx * force;
  from.y += dy * force;
  to.x -= dx * force;
  to.y -= dy * force;
}

std::vector<Place> laid_out(std::size_t count, const std::vector<std::pair<std::size_t, std::size_t>>& links) {
  std::vector<Place> places = random_places(count);
  const double spacing = std::sqrt(1.0 / static_cast<double>(std::max<std::size_t>(count, 1)));
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Place> moves(count);
    for (std::size_t a = 0; a < count; ++a) {
      // A weak pull to the middle keeps those without links on the page.
      moves[a].x += (0.5 - places[a].x) * 0.02;
      moves[a].y += (0.5 - places[a].y) * 0.02;
      for (std::size_t b = a + 1; b < count; ++b) {
        const double dx = places[a].x - places[b].x, dy = places[a].y - places[b].y;
        pull(moves[a], moves[b], dx, dy, spacing * spacing / std::max(dx * dx + dy * dy, 1e-9));
      }
    }
    for (const auto& [a, b] : links) {
      const double dx = places[a].x - places[b].x, dy = places[a].y - places[b].y;
      pull(moves[a], moves[b], dx, dy, -std::sqrt(dx * dx + dy * dy) / spacing);
    }
    const double warmth = 0.08 * (1 - static_cast<double>(round) / kRounds);
    for (std::size_t i = 0; i < count; ++i) {
      const double length = std::max(std::hypot(moves[i].x, moves[i].y), 1e-12);
      places[i].x += moves[i].x / length * std::min(length, warmth);
      places[i].y += moves[i].y / length * std::min(length, warmth);
    }
  }
  return places;
}

/// Into the page, with a margin.
void fit(std::vector<Place>& places) {
  Place least{1e9, 1e9}, most{-1e9, -1e9};
  for (const Place& place : places) {
    least = {std::min(least.x, place.x), std::min(least.y, place.y)};
    most = {std::max(most.x, place.x), std::max(most.y, place.y)};
  }
  constexpr double kMargin = 14;
  const double scale = (kSide - 2 * kMargin) / std::max({most.x - least.x, most.y - least.y, 1e-9});
  for (Place& place : places) {
    place.x = kSide / 2 + (place.x - (least.x + most.x) / 2) * scale;
    place.y = kSide / 2 + (place.y - (least.y + most.y) / 2) * scale;
  }
}

}  // namespace

std::string drawing_of(const OverlayGraph& graph, bool alone) {
  std::map<std::uint32_t, std::size_t> numbers;
  for (const std::uint32_t peer : graph.peers) numbers.emplace(peer, numbers.size());
  std::vector<std::pair<std::size_t, std::size_t>> links;
  std::vector<std::size_t> degrees(graph.peers.size());
  for (const auto& [from, to] : graph.links) {
    links.emplace_back(numbers.at(from), numbers.at(to));
    ++degrees[links.back().first];
    ++degrees[links.back().second];
  }
  std::vector<Place> places = laid_out(graph.peers.size(), links);
  fit(places);
  const std::size_t most = degrees.empty() ? 1 : std::max<std::size_t>(1, *std::max_element(degrees.begin(), degrees.end()));
  std::string body = "<path class=\"link\" d=\"";
  for (const auto& [a, b] : links) body += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", places[a].x, places[a].y, places[b].x, places[b].y);
  body += "\"/>\n";
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double share = static_cast<double>(degrees[i]) / static_cast<double>(most);
    body += fmt::format("<circle class=\"dot\" style=\"--c:var(--s{})\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\">",
                        static_cast<int>(share * 5 + 0.5), places[i].x, places[i].y, 3 + 3 * share);
    body += fmt::format("<title>peer {}, {} neighbours</title></circle>\n", graph.peers[i], degrees[i]);
  }
  return svg_frame(body, kSide, kSide, "The overlay", alone);
}

}  // namespace earshot::sim
