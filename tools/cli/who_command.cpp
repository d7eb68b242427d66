// `earshot who`: the network is asked for a content by its id, and those who hold it are told.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "tools/cli/commands.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"

namespace earshot::cli {

ExitCode who(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto what = wish_from(invocation.contents.front(), config.folders.state);
  if (!what) return console.failed(what.error());
  const auto client = any_node(config, console);
  if (!client) return console.failed(client.error());
  SearchRequest request = invocation.search;
  request.text = what->content;
  std::optional<std::string> row;  // the last one has all holders
  const Ending ending = call(**client, "POST", "/api/v1/searches", search_body(request),
                             [&](const std::string& type, std::string_view line) {
                               if (type == "hit") row = line;
                               if (console.json()) console.data(line);
                             });
  if (ending.error) return console.failed(*ending.error);
  if (console.json()) console.data(*ending.last);
  if (!row) {
    console.note("nobody who answered holds it");
    return ExitCode::kNothingFound;
  }
  if (console.json()) return ExitCode::kDone;
  for (const HitLine::Holder& holder : hit_from(*row).holders) {
    console.data(fmt::format("{}  {}", holder.key, holder.endpoint));
  }
  console.note(closing_line(summary_from(*ending.last)));
  return ExitCode::kDone;
}

}  // namespace earshot::cli
