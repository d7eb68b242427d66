// Searches for what exists once, and wishes for what does not exist yet: steps of the demo.
#pragma once

#include <string>

#include "schema/result.h"
#include "schema/search.h"
#include "tools/cli/demo_network.h"
#include "tools/cli/demo_plan.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

struct RareSearch {
  bool found = false;
  SummaryLine summary;
};

/// A node asks for a song by its title.
Result<RareSearch> search_rare(DemoNetwork& network, std::size_t asker, const Song& song, StrategyKind strategy);

Result<void> add_wish(DemoNetwork& network, std::size_t node, const std::string& text);

/// The first hit that the node hands out for its wishes. Errors: kTimedOut.
Result<HitLine> wait_for_wish(DemoNetwork& network, std::size_t node);

}  // namespace earshot::cli
