// Which peers are likely one person's: those whose addresses are close. The one thing that membership must know of addresses; the
// driver knows it from its address book, the simulator from its scenario.
#pragma once

#include <cstdint>

#include "schema/ids.h"

namespace earshot::overlay {

class AddressGroups {
 public:
  virtual ~AddressGroups() = default;

  /// The same number for peers of one group, such as an IPv4 /16 or an IPv6 /32. What is not known is a group of its own.
  virtual std::uint64_t group_of(PeerId peer) const = 0;
};

}  // namespace earshot::overlay
