// `earshot follow`, `mirror`, `unfollow`, `publish`: publishers of others and our own.
#include <fmt/format.h>

#include <filesystem>

#include "tools/cli/commands.h"
#include "tools/cli/last_search.h"
#include "tools/cli/publisher_lines.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"
#include "tools/node/catalogue.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

std::string row_of(const PublisherLine& publisher) {
  const std::string name = publisher.name.empty() ? "(not heard of yet)" : printable(publisher.name);
  return fmt::format("{}  {}, {} of {} here{}{}", publisher.key, name, publisher.held, plural(publisher.items, "item", "items"),
                     publisher.mirror ? ", mirrored" : "", publisher.mine ? ", ours" : "");
}

// Shows an answer of one object as it is, or as a row.
ExitCode show(const Result<std::string>& answer, Console& console) {
  if (!answer) return console.failed(answer.error());
  const PublisherLine publisher = publisher_from(*answer);
  console.data(console.json() ? *answer : row_of(publisher));
  if (!console.json() && !publisher.feed.empty()) console.note("for podcast players: " + publisher.feed);
  return ExitCode::kDone;
}

ExitCode list(Client& client, Console& console) {
  std::size_t count = 0;
  const Ending listed = call(client, "GET", "/api/v1/publishers", "", [&](const std::string&, std::string_view line) {
    ++count;
    console.data(console.json() ? std::string(line) : row_of(publisher_from(line)));
  });
  if (listed.error) return console.failed(*listed.error);
  if (count == 0) console.note("nobody is followed: earshot search kind:publisher NAME, then earshot follow 1");
  return ExitCode::kDone;
}

// A publisher's key, or a row of the last search that is one.
Result<std::string> key_of(const std::string& what, const fs::path& state) {
  if (const auto key = node::publisher_key_from(what)) return to_string(*key);
  const auto row = wish_from(what, state);
  if (!row) return tl::unexpected(row.error());
  const auto line = row_with_content(state, row->content);
  if (!line) return tl::unexpected(line.error());
  const std::string key = hit_from(*line).publisher;
  if (!node::publisher_key_from(key))
    return fail(ErrorCode::kInvalid, "row {} is no publisher: earshot search kind:publisher NAME", what);
  return key;
}

ExitCode follow(const Invocation& invocation, bool mirror, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  if (invocation.contents.empty()) return list(**client, console);
  const auto key = key_of(invocation.contents.front(), config.folders.state);
  if (!key) return console.failed(key.error());
  return show(ask(**client, "POST", "/api/v1/publishers", follow_body(*key, mirror)), console);
}

ExitCode publish_files(Client& client, const Invocation& invocation, ItemOrder item, Console& console) {
  for (const fs::path& path : invocation.paths) {
    item.file = fs::absolute(path).string();
    const Ending shared = call(client, "POST", "/api/v1/shares", path_body(item.file), [&](const std::string& type, std::string_view) {
      if (type == "progress") console.passing(fmt::format("reading {}", printable(path.filename().string())));
    });
    if (shared.error) return console.failed(*shared.error);
    const auto answer = ask(client, "POST", "/api/v1/catalogue/items", item_body(item));
    if (!answer) return console.failed(answer.error());
    const ItemLine put = item_from(*answer);
    console.data(console.json() ? *answer : fmt::format("{}  {}", put.content, printable(put.title)));
  }
  return ExitCode::kDone;
}

std::string absolute_or_empty(const fs::path& path) { return path.empty() ? "" : fs::absolute(path).string(); }

}  // namespace

ExitCode follow(const Invocation& invocation, const node::Config& config, Console& console) {
  return follow(invocation, /*mirror=*/false, config, console);
}

ExitCode mirror(const Invocation& invocation, const node::Config& config, Console& console) {
  return follow(invocation, /*mirror=*/true, config, console);
}

ExitCode unfollow(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  const auto key = key_of(invocation.contents.front(), config.folders.state);
  if (!key) return console.failed(key.error());
  const Ending ending = call(**client, "DELETE", "/api/v1/publishers?key=" + *key, "", [](const auto&, auto) {});
  if (ending.error) return console.failed(*ending.error);
  if (console.json()) console.data(*ending.last);
  return ExitCode::kDone;
}

ExitCode publish(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  const PublishFlags& flags = invocation.publish;
  if (!flags.withdraw.empty()) {
    const Ending ending = call(**client, "DELETE", "/api/v1/catalogue/items?content=" + flags.withdraw, "", [](const auto&, auto) {});
    if (ending.error) return console.failed(*ending.error);
    if (console.json()) console.data(*ending.last);
    return ExitCode::kDone;
  }
  const std::string art = absolute_or_empty(flags.art);
  if (!flags.name.empty()) {
    AboutOrder about{flags.name, flags.text, flags.language, flags.licence, flags.link, "", invocation.paths.empty() ? art : ""};
    const ExitCode described = show(ask(**client, "POST", "/api/v1/catalogue", about_body(about)), console);
    if (described != ExitCode::kDone || (invocation.paths.empty() && flags.stream.empty())) return described;
  }
  ItemOrder item;
  item.kind = flags.kind;
  item.title = flags.title;
  item.licence = flags.licence;
  if (flags.name.empty()) item.text = flags.text;
  item.art = art;
  if (!flags.stream.empty()) {
    item.kind = "station";
    item.stream = flags.stream;
    const auto answer = ask(**client, "POST", "/api/v1/catalogue/items", item_body(item));
    if (!answer) return console.failed(answer.error());
    console.data(console.json() ? *answer : fmt::format("{}  {}", item_from(*answer).content, printable(item.title)));
    return ExitCode::kDone;
  }
  if (!invocation.paths.empty()) return publish_files(**client, invocation, std::move(item), console);
  return list(**client, console);
}

}  // namespace earshot::cli
