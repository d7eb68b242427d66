// Asked, read, ended.
#include "tools/cli/talk.h"

#include <fmt/format.h>

#include <charconv>

#include "tools/cli/interrupt.h"
#include "tools/cli/last_search.h"

namespace earshot::cli {

Result<std::unique_ptr<Client>> any_node(const node::Config& config, Console& console, bool alone) {
  auto running = connect_to_node(config);
  if (running || running.error().code != ErrorCode::kUnreachable || !config.url.empty()) return running;
  return start_light_node(config, alone, [&console](std::string_view what) { console.passing(what); });
}

ExitCode no_node(const Error& error, Console& console) {
  return console.failed(error, error.code == ErrorCode::kUnreachable ? ExitCode::kNoNode : exit_code_for(error.code));
}

Ending call(Client& client, std::string_view method, std::string_view target, const std::string& body,
            const std::function<void(const std::string& type, std::string_view line)>& on_line) {
  Ending ending;
  Reader reader;
  reader.on_line = [&](std::string_view line) {
    const std::string type = type_of(line);
    if (type == "error")
      ending.error = error_from(line);
    else if (type == "done" || type == "summary" || type == "status" || type == "play")
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

Result<std::string> ask(Client& client, std::string_view method, std::string_view target, const std::string& body) {
  std::string answer;
  const Ending ending = call(client, method, target, body, [&](const std::string&, std::string_view line) { answer = line; });
  if (answer.empty()) return tl::unexpected(ending.error.value_or(Error{ErrorCode::kCorrupt, "the node answered with nothing"}));
  return answer;
}

namespace {

/// The content id of a link, which may be earshot://ID or a node's address of the content; else the text as it is.
std::string content_of_link(const std::string& what) {
  constexpr std::string_view kScheme = "earshot://", kPath = "/content/";
  if (what.starts_with(kScheme)) return what.substr(kScheme.size());
  const std::size_t path = what.find(kPath);
  if (path == std::string::npos) return what;
  const std::size_t from = path + kPath.size();
  return what.substr(from, what.find('?', from) - from);
}

}  // namespace

Result<FetchWish> wish_from(const std::string& text, const std::filesystem::path& state) {
  FetchWish linked;
  std::error_code ignored;
  if (text.starts_with("magnet:")) linked.content = text;
  if (text.ends_with(".torrent") && std::filesystem::is_regular_file(text, ignored)) linked.content = std::filesystem::absolute(text).string();
  if (!linked.content.empty()) return linked;
  const std::string what = content_of_link(text);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), number);
  const bool is_number = error == std::errc{} && end == what.data() + what.size();
  if (!is_number) {
    if (auto content = content_id_from(what); !content) {
      return fail(ErrorCode::kInvalid, "'{}' is neither a row's number nor a content id, a magnet link or a .torrent file: {}", what,
                  content.error().what);
    }
  }
  const auto line = is_number ? row_of_last_search(state, number) : row_with_content(state, what);
  if (line) return wish_for(hit_from(*line));
  if (is_number) return tl::unexpected(line.error());
  FetchWish wish;
  wish.content = what;
  return wish;
}

}  // namespace earshot::cli
