// `earshot who`: the network is asked by the words of a row, and those who hold this very content are told.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "schema/bytes.h"
#include "schema/limits.h"
#include "tools/cli/commands.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"

namespace earshot::cli {

namespace {

// Quotes and dashes of a title mean something in a question: only its words are asked for.
std::string plain_words(const FetchWish& what) {
  std::string words = what.title + " " + what.artist;
  for (char& letter : words) {
    if (std::string_view("\"()*:-<>=").find(letter) != std::string_view::npos) letter = ' ';
  }
  return std::string(clip_utf8(words, limits::kMaxQueryText));
}

}  // namespace

ExitCode who(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto what = wish_from(invocation.contents.front(), config.folders.state);
  if (!what) return console.failed(what.error());
  if (what->title.empty()) {
    return console.failed({ErrorCode::kNotFound, "nothing is known of this content: search for its words first"});
  }
  const auto client = any_node(config, console);
  if (!client) return console.failed(client.error());
  SearchRequest request = invocation.search;
  request.text = plain_words(*what);
  std::optional<std::string> row;  // the last one has all holders
  const Ending ending = call(**client, "POST", "/api/v1/searches", search_body(request, what->content),
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
