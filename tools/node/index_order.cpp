// One function a task.
#include "tools/node/index_order.h"

#include <algorithm>
#include <chrono>

#include "index/export.h"
#include "index/import.h"

namespace earshot::node {

namespace {

using GoOn = std::function<bool(const IndexProgress&)>;

// Tracks between two reports.
constexpr std::uint64_t kReportEvery = 4096;

Result<std::uint64_t> export_tracks(const std::filesystem::path& file, const Library& library, const GoOn& go_on) {
  auto table = index::TableWriter::open(file);
  if (!table) return tl::unexpected(table.error());
  const std::uint64_t all = library.stats().tracks;
  std::uint64_t done = 0;
  Result<void> written;
  bool wanted = true;
  const auto visited = library.visit([&](const Track& track) {
    written = (*table)->add(track);
    if (++done % kReportEvery == 0) wanted = go_on({done, all});
    return written && wanted;
  });
  if (visited && written && wanted) written = (*table)->finish();
  if (!visited) return tl::unexpected(visited.error());
  if (!written) return tl::unexpected(written.error());
  if (!wanted) return fail(ErrorCode::kStopped, "stopped after {} tracks; nothing was written", done);
  return done;
}

Result<void> perform(const IndexOrder& order, Library& library, const GoOn& go_on, IndexDone& done) {
  const std::uint64_t all = library.stats().tracks;
  const auto of_all = [&](std::uint64_t count) { return go_on({count, all}); };
  done.path = order.path;
  switch (order.task) {
    case IndexTask::kStats:
      return {};
    case IndexTask::kImport: {
      const auto imported = import_rows(order, library, [&](std::uint64_t rows) { return go_on({rows, order.limit}); });
      if (!imported) return tl::unexpected(imported.error());
      done.tracks = imported->rows;
      done.skipped = imported->bad_rows;
      return {};
    }
    case IndexTask::kExport: {
      const auto written = export_tracks(order.path, library, go_on);
      if (!written) return tl::unexpected(written.error());
      done.tracks = *written;
      return {};
    }
    case IndexTask::kVerify: {
      const auto checked = library.verify(of_all);
      if (!checked) return tl::unexpected(checked.error());
      done.tracks = *checked;
      return {};
    }
    case IndexTask::kCompact:
      return library.compact();
    case IndexTask::kBackup:
      return library.back_up(order.path);
    case IndexTask::kRestore: {
      auto aside = library.restore(order.path);
      if (!aside) return tl::unexpected(aside.error());
      done.path = std::move(*aside);
      return {};
    }
    case IndexTask::kRebuild: {
      auto rebuilt = library.rebuild(of_all);
      if (!rebuilt) return tl::unexpected(rebuilt.error());
      done.unreadable = rebuilt->unreadable;
      done.path = std::move(rebuilt->aside);
      return {};
    }
  }
  return {};
}

}  // namespace

Result<Imported> import_rows(const IndexOrder& order, index::Index& index,
                             const std::function<bool(std::uint64_t)>& go_on) {
  std::uint64_t seen = 0;
  Imported imported;
  bool enough = false;
  const auto take = [&](std::span<const Track> tracks) -> Result<void> {
    const std::uint64_t skipped = std::min<std::uint64_t>(order.skip > seen ? order.skip - seen : 0, tracks.size());
    seen += tracks.size();
    tracks = tracks.subspan(skipped);
    if (order.limit != 0) tracks = tracks.first(std::min<std::uint64_t>(tracks.size(), order.limit - imported.rows));
    if (auto added = tracks.empty() ? Result<void>{} : index.add(tracks); !added) return added;
    imported.rows += tracks.size();
    enough = order.limit != 0 && imported.rows == order.limit;
    if (enough || !go_on(imported.rows)) return fail(ErrorCode::kStopped, "stopped after {} rows", imported.rows);
    return {};
  };
  const auto counts = index::import_table(order.path, {}, take);
  if (!counts && !enough) return tl::unexpected(counts.error());
  if (counts) imported.bad_rows = counts->bad_rows;
  return imported;
}

Result<IndexDone> carry_out(const IndexOrder& order, Library& library, const GoOn& go_on) {
  const auto began = std::chrono::steady_clock::now();
  IndexDone done;
  done.task = order.task;
  if (auto performed = perform(order, library, go_on, done); !performed) return tl::unexpected(performed.error());
  done.ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  done.stats = library.stats();
  done.storage = library.storage();
  done.refusal = library.refusal();
  if (done.tracks == 0 && order.task != IndexTask::kImport) done.tracks = done.stats.tracks;
  return done;
}

}  // namespace earshot::node
