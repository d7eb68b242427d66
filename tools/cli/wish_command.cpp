// `earshot wish`: questions that stay in the network until somebody has it.
#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "tools/cli/commands.h"
#include "tools/cli/last_search.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"

namespace earshot::cli {

namespace {

std::string row_of(const WishLine& wish) {
  return fmt::format("{:>3}  {}  ({} found)", wish.id, printable(wish.text), wish.found);
}

ExitCode add(Client& client, const std::string& text, Console& console) {
  const auto added = ask(client, "POST", "/api/v1/wishes", wish_body(text));
  if (!added) return console.failed(added.error());
  console.data(console.json() ? *added : row_of(wish_line_from(*added)));
  if (!console.json()) console.note("it stays in the network; what is found: earshot wish list");
  return ExitCode::kDone;
}

// Two questions: what is wished for, and what came since the last time.
ExitCode list(Client& client, const node::Config& config, Console& console) {
  std::size_t wishes = 0;
  const Ending listed = call(client, "GET", "/api/v1/wishes", "", [&](const std::string&, std::string_view line) {
    ++wishes;
    console.data(console.json() ? std::string(line) : row_of(wish_line_from(line)));
  });
  if (listed.error) return console.failed(*listed.error);
  const HitTable table(console.width(), console.colour());
  std::vector<std::string> lines;
  const Ending taken = call(client, "POST", "/api/v1/wishes/hits", "{}", [&](const std::string&, std::string_view line) {
    lines.emplace_back(line);
    if (console.json()) return console.data(line);
    if (lines.size() == 1) console.data("\n" + table.header());
    console.data(table.row(lines.size(), hit_from(line)));
  });
  if (taken.error) return console.failed(*taken.error);
  if (lines.empty()) {
    console.note(wishes == 0 ? "no wishes: earshot wish add \"words\"" : "nothing new");
    return ExitCode::kDone;
  }
  if (auto remembered = remember_search(config.folders.state, lines); !remembered)
    console.note("earshot: " + remembered.error().what);
  console.note("fetch one: earshot get 1");
  return ExitCode::kDone;
}

ExitCode remove(Client& client, const std::string& number, Console& console) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size()) {
    return console.failed({ErrorCode::kInvalid, fmt::format("'{}' is not a wish's number: earshot wish list", printable(number))});
  }
  const Ending ending = call(client, "DELETE", fmt::format("/api/v1/wishes?id={}", id), "", [](const auto&, auto) {});
  if (ending.error) return console.failed(*ending.error);
  if (console.json()) console.data(*ending.last);
  return ExitCode::kDone;
}

}  // namespace

ExitCode wish(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  if (invocation.what == "add") return add(**client, invocation.search.text, console);
  if (invocation.what == "remove") return remove(**client, invocation.search.text, console);
  return list(**client, config, console);
}

}  // namespace earshot::cli
