// earshot: node and command line in one.
#include <fmt/format.h>

#include <cstdlib>

#include "tools/cli/commands.h"
#include "tools/cli/demo.h"
#include "tools/cli/flags.h"
#include "tools/cli/interrupt.h"
#include "tools/node/tag_child.h"

namespace earshot::cli {

namespace {

ExitCode run(const Invocation& invocation, Console& console) {
  switch (invocation.command) {
    case Command::kHelp:
      return help(invocation.what, console);
    case Command::kVersion:
      return version(console);
    case Command::kLive:
      return live(invocation.live, console);
    case Command::kDemo:
      return invocation.demo.stream ? stream_demo(invocation.demo, console) : demo(invocation.demo, console);
    case Command::kDoctor:
      return doctor(invocation, console);
    case Command::kCompletion:
      return completion(invocation, console);
    case Command::kMan:
      return man(invocation, console);
    default:
      break;
  }
  const auto config = node::load_config(invocation.config, node::process_environment());
  if (!config) return console.failed(config.error());
  switch (invocation.command) {
    case Command::kNode:
      return run_node(*config, console);
    case Command::kSearch:
      return search(invocation, *config, console);
    case Command::kGet:
      return get(invocation, *config, console);
    case Command::kPlay:
      return play(invocation, *config, console);
    case Command::kShare:
      return share(invocation, *config, console);
    case Command::kImport:
      return import(invocation, *config, console);
    case Command::kIndex:
      return index(invocation, *config, console);
    case Command::kWho:
      return who(invocation, *config, console);
    case Command::kBrowse:
      return browse(invocation, *config, console);
    case Command::kInvite:
      return invite(*config, console);
    case Command::kJoin:
      return join(invocation, *config, console);
    case Command::kWish:
      return wish(invocation, *config, console);
    case Command::kFollow:
      return follow(invocation, *config, console);
    case Command::kMirror:
      return mirror(invocation, *config, console);
    case Command::kUnfollow:
      return unfollow(invocation, *config, console);
    case Command::kPublish:
      return publish(invocation, *config, console);
    case Command::kFeed:
      return feed(invocation, *config, console);
    case Command::kStatus:
      return status(*config, console);
    case Command::kPeers:
      return peers(*config, console);
    case Command::kUp:
      return up(invocation, *config, console);
    case Command::kDown:
      return down(*config, console);
    case Command::kConfigShow:
      return show_config(invocation, *config, console);
    case Command::kConfigPaths:
      return show_paths(invocation, *config, console);
    case Command::kDemo:
    case Command::kDoctor:
    case Command::kCompletion:
    case Command::kMan:
    case Command::kHelp:
    case Command::kLive:
    case Command::kVersion:
      break;
  }
  return ExitCode::kUsage;
}

}  // namespace

}  // namespace earshot::cli

int main(int argc, char** argv) {
  using namespace earshot::cli;
  // Not a command for people: the process that reads tags for a node.
  if (argc == 2 && std::string_view(argv[1]) == earshot::node::kTagChildWord) return earshot::node::run_tag_child();
  const auto parsed = parse_flags(argc, argv);
  if (const auto* finished = std::get_if<Finished>(&parsed)) return static_cast<int>(finished->code);
  watch_interrupts();
  const auto& invocation = std::get<Invocation>(parsed);
  Console console(invocation.json, invocation.style);
  const ExitCode code = run(invocation, console);
  return static_cast<int>(interrupted() && invocation.command != Command::kNode ? ExitCode::kInterrupted : code);
}
