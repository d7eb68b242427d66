// The commands that ask a node and show what it says. Each is one request, read line by line.
#include "tools/cli/commands.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "tools/cli/client.h"
#include "tools/cli/hit_rows.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/last_search.h"
#include "tools/cli/publisher_lines.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"
#include "tools/node/api.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

ExitCode write_playlist(Client& client, const std::string& format, const std::vector<std::string>& hits, Console& console) {
  const auto answer = ask(client, "POST", "/api/v1/playlists", playlist_body(format, hits));
  if (!answer) return console.failed(answer.error());
  console.data(console.json() ? *answer : playlist_from(*answer));
  return hits.empty() ? ExitCode::kNothingFound : ExitCode::kDone;
}

ExitCode ended_search(const Ending& ending, const HitRows& rows, Console& console) {
  if (interrupted()) return ExitCode::kInterrupted;
  if (ending.error) return console.failed(*ending.error);
  const SummaryLine summary = summary_from(*ending.last);
  if (console.json()) console.data(*ending.last);
  if (!summary.dropped.empty()) {
    console.note(fmt::format("nothing has all these words; left out: {}", printable(fmt::format("{}", fmt::join(summary.dropped, ", ")))));
  }
  if (rows.size() > 0) {
    console.note(closing_line(summary));
    console.note("fetch one: earshot get 1");
    return ExitCode::kDone;
  }
  if (summary.neighbors == 0)
    return console.failed({ErrorCode::kUnreachable, "the node has no peers: nobody could be asked"});
  console.note(fmt::format("nothing found ({})", closing_line(summary)));
  return ExitCode::kNothingFound;
}

}  // namespace

ExitCode search(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = any_node(config, console);
  if (!client) return console.failed(client.error());
  const HitTable table(console.width(), console.colour());
  HitRows rows(invocation.rows, [&](std::size_t number, const HitLine& hit) {
    if (console.json() || !invocation.format.empty()) return;
    if (number == 1) console.data(table.header());
    console.data(table.row(number, hit));
  });
  Ending ending;
  Reader reader;
  reader.on_idle = [&] { rows.show_ripe(HitRows::Clock::now(), /*last=*/false); };
  reader.on_line = [&](std::string_view line) {
    const std::string type = type_of(line);
    if (type == "hit") {
      if (console.json() && invocation.format.empty()) console.data(line);
      rows.add(line, HitRows::Clock::now());
    } else if (type == "error") {
      ending.error = error_from(line);
    } else if (type == "summary") {
      ending.last = line;
    }
    rows.show_ripe(HitRows::Clock::now(), /*last=*/false);
    return !interrupted();
  };
  console.passing("searching...");
  const auto called = (*client)->call("POST", "/api/v1/searches", search_body(invocation.search), reader);
  console.passing("");
  rows.show_ripe(HitRows::Clock::now(), /*last=*/true);
  if (!called && !ending.error) ending.error = called.error();
  if (!ending.last && !ending.error)
    ending.error = Error{ErrorCode::kUnreachable, "the node ended the search without a summary"};
  if (auto remembered = remember_search(config.folders.state, rows.lines()); !remembered)
    console.note("earshot: " + remembered.error().what);
  if (!ending.error && !interrupted() && !invocation.format.empty()) return write_playlist(**client, invocation.format, rows.lines(), console);
  return ended_search(ending, rows, console);
}

ExitCode share(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  if (invocation.paths.empty()) {
    const Ending listed = call(**client, "GET", "/api/v1/shares", "", [&](const std::string&, std::string_view line) {
      const ShareLine row = share_from(line);
      console.data(console.json() ? std::string(line)
                                  : fmt::format("{:>7} tracks  {}", row.tracks, printable(row.path)));
    });
    return listed.error ? console.failed(*listed.error) : ExitCode::kDone;
  }
  for (const fs::path& path : invocation.paths) {
    const Ending ending = call(
        **client, "POST", "/api/v1/shares", path_body(fs::absolute(path).string()),
        [&](const std::string& type, std::string_view line) {
          if (console.json()) console.data(line);
          const ProgressLine progress = progress_from(line);
          if (type == "progress")
            console.progress(
                line, fmt::format("{} of {} files, {}", progress.files, progress.of, byte_count(progress.bytes)));
        });
    if (ending.error) return console.failed(*ending.error);
    const DoneLine done = done_from(*ending.last);
    if (console.json()) {
      console.data(*ending.last);
      continue;
    }
    console.data(fmt::format("{:>7} tracks  {}", done.tracks, printable(done.path)));
    if (done.symlinks > 0) console.note(fmt::format("{} symbolic links were not followed", done.symlinks));
    if (done.failed > 0) console.note(fmt::format("{} files could not be read as audio", done.failed));
    if (done.copies > 0) console.note(fmt::format("{} files are copies of others with other tags", done.copies));
    if (done.removed > 0) console.note(fmt::format("{} tracks are no longer there and were taken out", done.removed));
  }
  return ExitCode::kDone;
}

ExitCode import(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  for (const fs::path& path : invocation.paths) {
    const std::string body = import_body(fs::absolute(path).string(), invocation.skip, invocation.limit);
    const Ending ending =
        call(**client, "POST", "/api/v1/imports", body, [&](const std::string& type, std::string_view line) {
          if (console.json()) console.data(line);
          if (type == "progress") console.progress(line, fmt::format("{} rows", progress_from(line).rows));
        });
    if (ending.error) return console.failed(*ending.error);
    const DoneLine done = done_from(*ending.last);
    console.data(console.json() ? *ending.last : fmt::format("{:>9} rows  {}", done.rows, printable(path.string())));
    if (done.skipped > 0) console.note(fmt::format("{} rows were not usable", done.skipped));
  }
  return ExitCode::kDone;
}

ExitCode status(const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  const Ending ending = call(**client, "GET", "/api/v1/status", "", [](const std::string&, std::string_view) {});
  if (ending.error) return console.failed(*ending.error);
  if (console.json()) {
    console.data(*ending.last);
    return ExitCode::kDone;
  }
  const StatusLine status = status_from(*ending.last);
  console.data(fmt::format("contact     {}", status.self));
  console.data(fmt::format("running     {} (earshot {})", clock_time(status.uptime_ms), status.version));
  console.data(fmt::format("neighbors   {} ({} in reserve, {} links, {} contacts known)", status.neighbors,
                           status.passive, status.links, status.contacts));
  console.data(fmt::format("library     {} tracks, {} words, {} on disk, {} shares{}", status.tracks, status.terms,
                           byte_count(status.index_bytes), status.shares, status.scanning ? ", scanning" : ""));
  if (status.scan_of > 0) {
    console.data(fmt::format("            {} of {} files hashed, {}", status.scan_files, status.scan_of,
                             byte_count(status.scan_bytes)));
  }
  if (status.index_paused) console.data(fmt::format("            no changes are taken: {}", printable(status.index_trouble)));
  if (!status.index_moved_aside.empty()) {
    console.data(fmt::format("            a damaged index was moved to {}; shared folders were scanned again",
                             printable(status.index_moved_aside)));
  }
  console.data(fmt::format("questions   {} in, {} out, {} seen before, {} answers passed on", status.queries_in,
                           status.queries_out, status.duplicates, status.hits_relayed));
  console.data(fmt::format("network     {}, {} digests of others hosted, {} questions stay here",
                           status.network_peers == 0 ? "size not known yet" : fmt::format("some {} peers", status.network_peers),
                           status.digests, status.standing));
  console.data(fmt::format("refused     {} malformed, {} unknown", status.malformed, status.unknown));
  console.data(fmt::format("http        {}", status.http.empty() ? "off" : "http://" + status.http));
  return ExitCode::kDone;
}

ExitCode peers(const node::Config& config, Console& console) {
  const auto client = connect_to_node(config);
  if (!client) return no_node(client.error(), console);
  std::size_t count = 0;
  const auto show = [&](const auto& key, const auto& address, const auto& kind, const auto& dialled, const auto& time,
                        const auto& in, const auto& out, const auto& score, const auto& agent, const auto& deeds) {
    console.data(fmt::format("{} {} {:<8} {:<7} {:>8} {:>8} {:>8} {:>6}  {}  {}", fitted(key, 12), fitted(address, 22), kind,
                             dialled, time, in, out, score, printable(agent), printable(deeds)));
  };
  const Ending ending = call(**client, "GET", "/api/v1/peers", "", [&](const std::string&, std::string_view line) {
    if (console.json()) console.data(line);
    if (++count == 1 && !console.json()) show("key", "address", "kind", "dialled", "for", "in", "out", "score", "program", "why");
    if (console.json()) return;
    const PeerLine peer = peer_from(line);
    show(peer.key, peer.endpoint, peer.neighbor ? "neighbor" : "link", peer.inbound ? "by it" : "by us",
         clock_time(peer.connected_ms), byte_count(peer.bytes_in), byte_count(peer.bytes_out), fmt::format("{:.1f}", peer.score),
         peer.agent, peer.deeds);
  });
  if (ending.error) return console.failed(*ending.error);
  if (count > 0) return ExitCode::kDone;
  console.note("the node has no peers");
  return ExitCode::kNothingFound;
}

ExitCode help(const std::string& topic, Console& console) {
  const auto text = help_text(topic);
  if (!text) {
    return console.failed(
        {ErrorCode::kInvalid, fmt::format("no help on '{}': a command, exit-codes or config", printable(topic))});
  }
  console.data(console.json() ? help_line(topic, *text) : *text);
  return ExitCode::kDone;
}

ExitCode version(Console& console) {
  console.data(console.json() ? version_line(node::version()) : fmt::format("earshot {}", node::version()));
  return ExitCode::kDone;
}

}  // namespace earshot::cli
