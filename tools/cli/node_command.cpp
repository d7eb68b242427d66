// `earshot node`: the daemon in the foreground.
#include <fmt/format.h>

#include "tools/cli/commands.h"
#include "tools/node/daemon.h"
#include "tools/node/own_address.h"

namespace earshot::cli {

ExitCode run_node(const node::Config& config, Console& console) {
  const auto daemon = node::Daemon::open(config, node::Role::kFull);
  if (!daemon) return console.failed(daemon.error());
  const std::string self = to_string(node::for_people((*daemon)->node().self()));
  if (console.json()) {
    console.data(fmt::format("{{\"v\":1,\"type\":\"ready\",\"self\":\"{}\"}}", self));
  } else {
    console.note("this node: " + self);
    console.note("others join through it with: earshot node --bootstrap " + self);
    console.note("stop it with Ctrl-C");
  }
  (*daemon)->run();
  return ExitCode::kDone;
}

}  // namespace earshot::cli
