// What was known of the network when the node was last here, so that its first questions are of the right size.
//
// The file, text: "earshot-network 1", then a line "PEERS DEGREE MEETING MEETINGS" as in overlay::NetworkView.
#pragma once

#include <filesystem>

#include "overlay/estimate/budget.h"
#include "schema/result.h"

namespace earshot::node {

/// Nothing known when there is no such file, or a damaged one: the network tells it soon enough.
overlay::NetworkView remembered_network(const std::filesystem::path& file);

/// Errors: kDisk.
Result<void> remember_network(const std::filesystem::path& file, const overlay::NetworkView& network);

}  // namespace earshot::node
