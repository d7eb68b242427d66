// `earshot browse`: one page after the other of what a peer shares; rows are fetched like those of a search.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "tools/cli/commands.h"
#include "tools/cli/last_search.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"

namespace earshot::cli {

ExitCode browse(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = any_node(config, console);
  if (!client) return console.failed(client.error());
  const HitTable table(console.width(), console.colour());
  std::vector<std::string> rows;
  const auto show = [&](const std::string& type, std::string_view line) {
    if (type != "hit" || rows.size() >= invocation.rows) return;
    rows.emplace_back(line);
    if (console.json()) return console.data(line);
    if (rows.size() == 1) console.data(table.header());
    console.data(table.row(rows.size(), hit_from(line)));
  };
  PageLine page;
  for (std::uint64_t place = invocation.skip;; place = page.next) {
    const Ending ending = call(**client, "POST", "/api/v1/browses", browse_body(invocation.contents.front(), place), show);
    if (ending.error) return console.failed(*ending.error);
    if (console.json()) console.data(*ending.last);
    page = page_from(*ending.last);
    if (page.next <= place || page.next >= page.shared || rows.size() >= invocation.rows) break;
  }
  if (rows.empty()) {
    console.note(page.shared == 0 ? "it shares nothing" : fmt::format("it shares {}, none from there on", plural(page.shared, "track", "tracks")));
    return ExitCode::kNothingFound;
  }
  if (auto remembered = remember_search(config.folders.state, rows); !remembered) console.note("earshot: " + remembered.error().what);
  const std::uint64_t seen = invocation.skip + rows.size();
  console.note(fmt::format("{} of {}", rows.size(), plural(page.shared, "track", "tracks")));
  console.note(seen < page.shared ? fmt::format("fetch one: earshot get 1; go on: --from {}", seen) : "fetch one: earshot get 1");
  return ExitCode::kDone;
}

}  // namespace earshot::cli
