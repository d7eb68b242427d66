// One request to a node, its answer taken apart: lines on the way, and how it ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "schema/result.h"
#include "tools/cli/client.h"

namespace earshot::cli {

/// How a call ended: its last line when that is the answer, else why not.
struct Ending {
  std::optional<std::string> last;
  std::optional<Error> error;
};

Ending call(Client& client, std::string_view method, std::string_view target, const std::string& body,
            const std::function<void(const std::string& type, std::string_view line)>& on_line);

}  // namespace earshot::cli
