// The flood's step, for strategies that flood now and then.
#pragma once

#include "overlay/search/strategy.h"

namespace earshot::overlay {

/// One copy to each neighbor but `from`, while ttl is left.
void flood_all_but(PeerId from, const Query& query, Spread& spread);

/// At the origin: a flood of query.ttl hops over all links, with what it is expected to reach. The peers within
/// `asked_hops` have been asked before.
void flood_all(const Query& query, Spread& spread, std::uint16_t asked_hops = 0);

}  // namespace earshot::overlay
