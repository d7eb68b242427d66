// A drawing of a small overlay: peers that are linked lie near each other. The same graph gives the same drawing.
#pragma once

#include <cstddef>
#include <string>

#include "sim/graph_export.h"

namespace earshot::sim {

/// Larger ones would be a ball of wool.
inline constexpr std::size_t kMostDrawn = 400;

/// SVG as of figure.h. REQUIRES: at most kMostDrawn peers.
std::string drawing_of(const OverlayGraph& graph, bool alone);

}  // namespace earshot::sim
