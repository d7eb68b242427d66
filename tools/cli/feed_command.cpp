// `earshot feed`: the addresses that podcast players take, and feeds of the web brought into our catalogue.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/publisher_lines.h"
#include "tools/cli/render.h"
#include "tools/cli/rss.h"
#include "tools/cli/talk.h"
#include "tools/node/part_file.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

// Of one enclosure, in bytes and seconds; a picture is never as large.
constexpr std::string_view kMostEnclosure = "2147483648";
constexpr std::string_view kMostFeed = "16777216";
constexpr std::string_view kMostSeconds = "3600";

bool is_of_the_web(std::string_view address) { return address.starts_with("http://") || address.starts_with("https://"); }

// One address of the web into a file, by curl: TLS and redirects are its business.
Result<void> download(const std::string& url, const fs::path& file, std::string_view most) {
  if (!is_installed("curl")) return fail(ErrorCode::kUnsupported, "'{}' is in the web, and curl is not installed", clip_utf8(url, 200));
  std::vector<std::string> words = {"curl",       "--silent",      "--show-error",    "--fail",         "--location",
                                    "--proto",    "=http,https",   "--max-redirs",    "5",              "--max-filesize",
                                    std::string(most), "--max-time", std::string(kMostSeconds), "--output", file.string(),
                                    "--url",      url};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "curl cannot be started");
  if (child == 0) {
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (interrupted()) return fail(ErrorCode::kStopped, "stopped; what was imported stays");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorCode::kUnreachable, "'{}' could not be fetched", clip_utf8(url, 200));
}

// What a feed names, as a file: fetched into `folder`, or, for a feed that is a file, beside it.
Result<fs::path> brought(const std::string& address, const fs::path& beside, const fs::path& folder, const std::string& title) {
  if (!is_of_the_web(address)) {
    const fs::path file = fs::weakly_canonical(beside / address);
    // A feed names nothing outside its own folder.
    if (beside.empty() || !file.string().starts_with(beside.string() + "/"))
      return fail(ErrorCode::kInvalid, "'{}' is no address of the web", clip_utf8(address, 200));
    return fs::exists(file) ? Result<fs::path>(file) : fail(ErrorCode::kNotFound, "'{}' is not there", file.string());
  }
  const std::string path = address.substr(0, address.find_first_of("?#"));
  const std::string ending = fs::path(path).extension().string().substr(0, 6);
  const fs::path file = folder / (node::tidy_file_name(title) + ending);
  std::error_code error;
  fs::create_directories(folder, error);
  if (fs::exists(file, error)) return file;
  const fs::path part = file.string() + ".part";
  auto fetched = download(address, part, kMostEnclosure);
  if (fetched) fs::rename(part, file, error);
  if (!fetched || error) fs::remove(part, error);
  return fetched ? Result<fs::path>(file) : tl::unexpected(fetched.error());
}

struct Import {
  RssFeed feed;
  fs::path beside;  // the folder of a feed that is a file; empty: it is of the web
  fs::path folder;  // where enclosures go
};

Result<Import> read_feed(const std::string& what, const node::Config& config) {
  Import source;
  fs::path file = what;
  if (is_of_the_web(what)) {
    file = config.folders.state / "feed.part";
    std::error_code ignored;
    fs::create_directories(config.folders.state, ignored);
    if (auto fetched = download(what, file, kMostFeed); !fetched) return tl::unexpected(fetched.error());
  } else {
    source.beside = fs::weakly_canonical(fs::absolute(file)).parent_path();
  }
  const auto text = node::read_small_file(file, RssFeed::kMostBytes);
  if (!text) return tl::unexpected(text.error());
  auto feed = read_rss(*text);
  if (!feed) return tl::unexpected(feed.error());
  source.feed = std::move(*feed);
  source.folder = config.folders.download / "published" / node::tidy_file_name(source.feed.title);
  return source;
}

Result<std::string> put_in(Client& client, const RssItem& item, const Import& source, Console& console) {
  const auto file = brought(item.url, source.beside, source.folder, item.title);
  if (!file) return tl::unexpected(file.error());
  const Ending shared = call(client, "POST", "/api/v1/shares", path_body(file->string()), [](const auto&, auto) {});
  if (shared.error) return tl::unexpected(*shared.error);
  ItemOrder order{file->string(), "episode", item.title, item.text, item.licence, item.guid, "", "",
                  static_cast<std::uint64_t>(item.published)};
  if (!item.art.empty()) {
    const auto art = brought(item.art, source.beside, source.folder, item.title + " cover");
    if (art) order.art = art->string();
    if (!art) console.note("earshot: " + art.error().what);
  }
  return ask(client, "POST", "/api/v1/catalogue/items", item_body(order));
}

ExitCode import_feed(Client& client, const std::string& what, std::uint64_t limit, const node::Config& config, Console& console) {
  auto source = read_feed(what, config);
  if (!source) return console.failed(source.error());
  RssFeed& feed = source->feed;
  AboutOrder about{feed.title, feed.text, feed.language, feed.licence, feed.link, feed.guid, ""};
  if (!feed.art.empty()) {
    const auto art = brought(feed.art, source->beside, source->folder, "cover");
    if (art) about.art = art->string();
  }
  const auto described = ask(client, "POST", "/api/v1/catalogue", about_body(about));
  if (!described) return console.failed(described.error());
  std::stable_sort(feed.items.begin(), feed.items.end(), [](const RssItem& a, const RssItem& b) { return a.published > b.published; });
  if (limit != 0 && feed.items.size() > limit) feed.items.resize(limit);
  std::size_t done = 0, failed = 0;
  for (const RssItem& item : feed.items) {
    const std::string progress = fmt::format(R"({{"v":1,"type":"progress","done":{},"of":{}}})", done, feed.items.size());
    console.progress(progress, fmt::format("{} of {}: {}", done, feed.items.size(), printable(item.title)));
    const auto put = put_in(client, item, *source, console);
    if (interrupted()) return ExitCode::kInterrupted;
    ++done;
    failed += put ? 0 : 1;
    if (!put) console.note(fmt::format("earshot: '{}': {}", printable(item.title), printable(put.error().what)));
    if (put) console.data(console.json() ? *put : fmt::format("{}  {}", item_from(*put).content, printable(item.title)));
  }
  console.note(fmt::format("{} of {} in the catalogue of '{}'", done - failed, plural(done, "episode", "episodes"), printable(feed.title)));
  if (!console.json()) console.note("for podcast players: " + publisher_from(*described).feed);
  return failed == 0 ? ExitCode::kDone : failed == done ? ExitCode::kNothingFound : ExitCode::kDone;
}

}  // namespace

ExitCode feed(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  if (invocation.what == "import") {
    if (invocation.contents.empty()) return console.failed({ErrorCode::kInvalid, "import what? earshot feed import URL-or-file"});
    return import_feed(**client, invocation.contents.front(), invocation.limit, config, console);
  }
  const Ending listed = call(**client, "GET", "/api/v1/publishers", "", [&](const std::string&, std::string_view line) {
    const PublisherLine row = publisher_from(line);
    console.data(console.json() ? std::string(line) : fmt::format("{}  {}", row.feed, printable(row.name)));
  });
  return listed.error ? console.failed(*listed.error) : ExitCode::kDone;
}

}  // namespace earshot::cli
