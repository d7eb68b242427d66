// `earshot index`: tends the index of the running node, or opens the data folder itself when none runs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tools/cli/client.h"
#include "tools/cli/commands.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/render.h"
#include "tools/cli/replies.h"
#include "tools/cli/talk.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/index_order.h"
#include "tools/node/library.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kProgressPeriod{200};

// The index of a data folder that no node uses, behind the same requests and lines as a node's.
class DataFolder final : public Client {
 public:
  static Result<std::unique_ptr<Client>> open(const node::Config& config) {
    if (auto made = node::make_private_folder(config.folders.data); !made) return tl::unexpected(made.error());
    auto lock = node::FolderLock::take(config.folders.data);
    if (!lock) return tl::unexpected(lock.error());
    auto library = node::Library::open(config.folders.data / "index", node::index_options(config));
    if (!library) return fail_in("open the index", library.error());
    return std::make_unique<DataFolder>(std::move(*lock), std::move(*library));
  }

  DataFolder(node::FolderLock lock, std::unique_ptr<node::Library> library)
      : lock_(std::move(lock)), library_(std::move(library)) {}

  Result<int> call(std::string_view, std::string_view, const std::string& body, const Reader& reader) override {
    constexpr int kOk = 200;
    constexpr int kBadRequest = 400;
    const auto order = node::json::index_order_from(body);
    if (!order) {
      reader.on_line(node::json::error(order.error()));
      return kBadRequest;
    }
    auto told = Clock::now();
    const auto done = node::carry_out(*order, *library_, [&](const node::IndexProgress& progress) {
      if (const auto now = Clock::now(); now - told >= kProgressPeriod) {
        told = now;
        return reader.on_line(node::json::index_progress(progress)) && !interrupted();
      }
      return !interrupted();
    });
    reader.on_line(done ? node::json::index_done(*done) : node::json::error(done.error()));
    return kOk;
  }

 private:
  node::FolderLock lock_;
  std::unique_ptr<node::Library> library_;
};

Result<std::unique_ptr<Client>> node_or_folder(const node::Config& config) {
  auto running = connect_to_node(config);
  if (running || running.error().code != ErrorCode::kUnreachable || !config.url.empty()) return running;
  return DataFolder::open(config);
}

std::string so_far(const std::string& task, const ProgressLine& progress, Clock::time_point began) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
  const std::uint64_t rate = ms > 0 ? progress.done * 1000 / static_cast<std::uint64_t>(ms) : 0;
  const std::string of = progress.of > 0 ? fmt::format(" of {}", progress.of) : "";
  return fmt::format("{}: {}{}, {}/s", task, progress.done, of, rate);
}

void show_stats(const IndexLine& line, Console& console) {
  console.data(fmt::format("tracks      {}, {} different words", line.tracks, line.terms));
  const std::uint64_t each = line.tracks > 0 ? line.bytes_on_disk / line.tracks : 0;
  console.data(fmt::format("disk        {} ({} bytes a track): {} in {} tables, {} in the log{}", byte_count(line.bytes_on_disk), each,
                           byte_count(line.table_bytes), line.table_files, byte_count(line.log_bytes),
                           line.disk_limit > 0 ? ", at most " + byte_count(line.disk_limit) : ""));
  console.data(fmt::format("memory      {}", byte_count(line.memory_bytes)));
  console.data(fmt::format("since start {} added, {} flushed, {} compacted, {} syncs, writers waited {}",
                           byte_count(line.bytes_added), byte_count(line.bytes_flushed), byte_count(line.bytes_compacted),
                           line.syncs, short_time(line.stalled_us / 1000)));
  if (line.paused) console.data(fmt::format("paused      {}", printable(line.trouble)));
}

void show(const IndexLine& line, const std::string& path, Console& console) {
  const std::uint64_t rate = line.ms > 0 ? line.tracks * 1000 / line.ms : line.tracks;
  if (line.task == "stats") return show_stats(line, console);
  if (line.task == "import") {
    console.data(fmt::format("{:>9} rows  {}  ({}, {}/s)", line.tracks, printable(path), short_time(line.ms), rate));
    if (line.skipped > 0) console.note(fmt::format("{} rows were not usable", line.skipped));
  } else if (line.task == "backup") {
    console.data(fmt::format("{} tracks backed up in {} ({})", line.tracks, printable(path), short_time(line.ms)));
  } else if (line.task == "export") {
    console.data(fmt::format("{} tracks written to {} ({}, {}/s)", line.tracks, printable(path), short_time(line.ms), rate));
  } else if (line.task == "verify") {
    console.data(fmt::format("{} tracks, {}: all of it reads and is right ({})", line.tracks,
                             byte_count(line.bytes_on_disk), short_time(line.ms)));
  } else {
    console.data(fmt::format("{}: {} tracks, {} on disk ({})", line.task, line.tracks, byte_count(line.bytes_on_disk),
                             short_time(line.ms)));
  }
  if (line.task == "restore") console.note("the index that was there is in " + printable(line.path));
  if (line.task == "rebuild" && line.unreadable > 0) {
    console.note(fmt::format("{} tracks could not be read; the old index is in {}. A node scans its shared folders again when "
                             "it starts",
                             line.unreadable, printable(line.path)));
  }
}

// Each with its path: tables one after another, else one or none.
Result<std::vector<std::string>> paths_for(const node::IndexTaskRow& row, const Invocation& invocation) {
  std::vector<std::string> paths;
  for (const fs::path& path : invocation.paths) paths.push_back(fs::absolute(path).lexically_normal().string());
  if (!row.takes_path && !paths.empty()) return fail(ErrorCode::kInvalid, "index {}: takes no path", row.name);
  if (row.takes_path && paths.empty()) return fail(ErrorCode::kInvalid, "index {}: name a file or folder", row.name);
  if (row.task != node::IndexTask::kImport && paths.size() > 1)
    return fail(ErrorCode::kInvalid, "index {}: one path only", row.name);
  if (paths.empty()) paths.emplace_back();
  return paths;
}

}  // namespace

ExitCode index(const Invocation& invocation, const node::Config& config, Console& console) {
  const auto* row = std::find_if(node::kIndexTasks.begin(), node::kIndexTasks.end(),
                                 [&](const auto& known) { return known.name == invocation.what; });
  if (row == node::kIndexTasks.end())
    return console.failed({ErrorCode::kInvalid, fmt::format("no task '{}': see earshot help index", invocation.what)});
  const auto paths = paths_for(*row, invocation);
  if (!paths) return console.failed(paths.error());
  const auto client = node_or_folder(config);
  if (!client) return console.failed(client.error());
  for (const std::string& path : *paths) {
    const auto began = Clock::now();
    const Ending ending = call(**client, "POST", "/api/v1/index",
                               index_body(row->name, path, invocation.skip, invocation.limit),
                               [&](const std::string& type, std::string_view line) {
                                 if (type == "progress") console.progress(line, so_far(invocation.what, progress_from(line), began));
                                 if (console.json()) console.data(line);
                               });
    console.passing("");
    if (ending.error) return console.failed(*ending.error);
    const IndexLine line = index_from(*ending.last);
    if (console.json()) {
      console.data(*ending.last);
    } else {
      show(line, path, console);
    }
    if (!line.refusal.empty()) console.note("earlier: " + printable(line.refusal));
  }
  return ExitCode::kDone;
}

}  // namespace earshot::cli
