// Sorts the lines of an answer.
#include "tools/cli/call.h"

#include <fmt/format.h>

#include "tools/cli/interrupt.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

Ending call(Client& client, std::string_view method, std::string_view target, const std::string& body,
            const std::function<void(const std::string& type, std::string_view line)>& on_line) {
  Ending ending;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    const std::string type = type_of(line);
    if (type == "error")
      ending.error = error_from(line);
    else if (type == "done" || type == "summary" || type == "status")
      ending.last = line;
    else
      on_line(type, line);
    return !interrupted();
  };
  const auto status = client.call(method, target, body, reader);
  if (!status && !ending.error) ending.error = status.error();
  if (!ending.last && !ending.error)
    ending.error = Error{ErrorCode::kUnreachable, fmt::format("the node refused (HTTP {})", status.value_or(0))};
  if (ending.error) ending.last.reset();
  return ending;
}

}  // namespace earshot::cli
