// `earshot demo`: a whole network on one machine, from nothing to a verified track, in under 20 seconds.
#pragma once

#include "tools/cli/console.h"
#include "tools/cli/flags.h"

namespace earshot::cli {

/// A track is played while it comes from two holders; the one that gives more is killed on the way.
ExitCode stream_demo(const DemoFlags& flags, Console& console);

ExitCode demo(const DemoFlags& flags, Console& console);

}  // namespace earshot::cli
