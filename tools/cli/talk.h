// One request to a node and how it ended: what most commands are made of.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/cli/client.h"
#include "tools/cli/console.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

/// A running node, or a light one of our own. A node that was named by its address is never replaced by ours.
/// `alone`: ours need not have peers.
Result<std::unique_ptr<Client>> any_node(const node::Config& config, Console& console, bool alone = false);

/// Says that no node could be asked.
ExitCode no_node(const Error& error, Console& console);

/// How a call ended: its last line when that is the answer, else why not.
struct Ending {
  std::optional<std::string> last;
  std::optional<Error> error;
};

Ending call(Client& client, std::string_view method, std::string_view target, const std::string& body,
            const std::function<void(const std::string& type, std::string_view line)>& on_line);

/// A request that is answered by one object. Errors: those of the node, and of reaching it.
Result<std::string> ask(Client& client, std::string_view method, std::string_view target, const std::string& body);

/// Which content a person means: a row's number in the last search, or the id itself. Errors: kInvalid, kNotFound.
Result<FetchWish> wish_from(const std::string& what, const std::filesystem::path& state);

}  // namespace earshot::cli
