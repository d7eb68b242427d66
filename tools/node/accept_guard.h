// How many TCP connections strangers may hold open with us. ZeroMQ has no such limit, and out of descriptors it spins: 200
// idle connections against a limit of 64 descriptors cost half a core.
//
// This file defines accept4() for the whole program; libzmq imports it from there. A connection over a cap is closed at
// once and ZeroMQ is told ECONNABORTED, which it takes calmly. When the process has no descriptor left, one held in
// reserve takes the connection out of the kernel's queue. Sockets that are not IPv4 or IPv6 pass uncounted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace earshot::node {

struct AcceptLimits {
  /// Of all strangers together: four times the links that the transport keeps, the rest is in its handshake.
  std::size_t total = 1024;
  /// Of one address that is not loopback: a household, or many behind one carrier's address.
  std::size_t per_address = 32;
};

struct AcceptCounts {
  std::size_t open = 0;  // at most: those closed are noticed when a cap is reached
  std::uint64_t refused = 0;
};

/// From now on, in the whole process. Before the first call everything passes.
void limit_accepted_connections(const AcceptLimits& limits);

AcceptCounts accepted_connections();

}  // namespace earshot::node
