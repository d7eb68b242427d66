// What each command does, and with what exit code it ends.
#pragma once

#include "tools/cli/console.h"
#include "tools/cli/flags.h"
#include "tools/node/config.h"

namespace earshot::cli {

ExitCode run_node(const node::Config& config, Console& console);
ExitCode search(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode get(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode live(const LiveFlags& flags, Console& console);
ExitCode play(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode share(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode import(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode status(const node::Config& config, Console& console);
ExitCode peers(const node::Config& config, Console& console);
ExitCode help(const std::string& topic, Console& console);
ExitCode version(Console& console);

}  // namespace earshot::cli
