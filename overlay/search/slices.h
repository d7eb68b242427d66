// The bubble's next slice, for strategies that end as bubbles.
#pragma once

#include <cstdint>
#include <optional>

#include "overlay/search/strategy.h"

namespace earshot::overlay {

/// Sends the slice that follows what was visited; ends the query when enough came back or when nothing is left to ask.
std::optional<Next> next_slice(const Query& query, const Progress& progress, Spread& spread);

}  // namespace earshot::overlay
