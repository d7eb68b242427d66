// What each command does, and with what exit code it ends.
#pragma once

#include "tools/cli/console.h"
#include "tools/cli/flags.h"
#include "tools/node/config.h"

namespace earshot::cli {

ExitCode run_node(const node::Config& config, Console& console);
ExitCode search(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode get(const Invocation& invocation, const node::Config& config, Console& console);
/// With --swarm: from another RFC 7574 program, without a node.
ExitCode get_from_swarm(const Invocation& invocation, Console& console);
ExitCode live(const LiveFlags& flags, Console& console);
ExitCode play(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode share(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode import(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode index(const Invocation& invocation, const node::Config& config, Console& console);
/// Who holds a content: a row of the last search.
ExitCode who(const Invocation& invocation, const node::Config& config, Console& console);
/// What one peer shares, page by page.
ExitCode browse(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode invite(const node::Config& config, Console& console);
ExitCode join(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode wish(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode follow(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode mirror(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode unfollow(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode publish(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode feed(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode status(const node::Config& config, Console& console);
ExitCode peers(const node::Config& config, Console& console);
ExitCode up(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode down(const node::Config& config, Console& console);
/// Runs with a broken configuration, too: then that is what it finds.
ExitCode doctor(const Invocation& invocation, Console& console);
ExitCode show_config(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode show_paths(const Invocation& invocation, const node::Config& config, Console& console);
ExitCode completion(const Invocation& invocation, Console& console);
ExitCode man(const Invocation& invocation, Console& console);
ExitCode help(const std::string& topic, Console& console);
ExitCode version(Console& console);

/// Where a node in the background writes its log.
std::filesystem::path background_log(const node::Config& config);

}  // namespace earshot::cli
