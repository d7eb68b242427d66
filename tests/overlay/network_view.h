// What a peer may believe about its network.
#pragma once

#include <cstdint>

#include "overlay/estimate/budget.h"

namespace earshot::overlay {

inline NetworkView network_of(std::uint32_t peers, std::uint16_t degree = 0) {
  NetworkView network;
  network.peers = peers;
  network.degree = degree;
  return network;
}

}  // namespace earshot::overlay
