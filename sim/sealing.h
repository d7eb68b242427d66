// What stands for a sealed box in the simulator: a few bytes for each hit, and no key. A million simulated peers would spend their time
// on curves, and what the protocol does with a box depends on nothing in it.
#pragma once

#include <cstddef>
#include <vector>

#include "overlay/message.h"
#include "schema/bytes.h"
#include "schema/search.h"

namespace earshot::sim {

/// REQUIRES: the hit is one of catalog.h's.
overlay::SharedBox sealed(const Hit& hit, std::uint32_t item);
std::vector<Hit> opened(ByteView box);

}  // namespace earshot::sim
