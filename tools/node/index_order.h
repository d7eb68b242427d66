// What a person may ask of the index, beside searching it: the same for a running node (POST /api/v1/index) and for a command
// that opened the data folder itself (tools/cli/index_command).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "schema/result.h"
#include "tools/node/library.h"

namespace earshot::node {

enum class IndexTask : std::uint8_t { kStats, kImport, kExport, kVerify, kCompact, kBackup, kRestore, kRebuild };

struct IndexTaskRow {
  IndexTask task;
  std::string_view name;
  bool takes_path;
  std::string_view help;
};

inline constexpr std::array<IndexTaskRow, 8> kIndexTasks = {{
    {IndexTask::kStats, "stats", false, "What it holds, and what RocksDB counts"},
    {IndexTask::kImport, "import", true, "Add the rows of tables (.tsv, .tsv.zst)"},
    {IndexTask::kExport, "export", true, "Write all tracks to a table (.tsv, .tsv.zst)"},
    {IndexTask::kVerify, "verify", false, "Read everything and check it"},
    {IndexTask::kCompact, "compact", false, "Merge it into one piece"},
    {IndexTask::kBackup, "backup", true, "Add a backup to those in a folder"},
    {IndexTask::kRestore, "restore", true, "Take the newest backup of a folder instead"},
    {IndexTask::kRebuild, "rebuild", false, "Make it anew from every track that can be read"},
}};

struct IndexOrder {
  IndexTask task = IndexTask::kStats;
  std::filesystem::path path;  // absolute; for those that take one
  std::uint64_t skip = 0;      // import: rows not taken
  std::uint64_t limit = 0;     // import: rows taken at most; 0: all
};

/// How it goes: of so many tracks or rows; of 0: nobody knows how many.
struct IndexProgress {
  std::uint64_t done = 0;
  std::uint64_t of = 0;
};

/// What is left to say; a number that does not belong to the task is zero.
struct IndexDone {
  IndexTask task = IndexTask::kStats;
  std::uint64_t tracks = 0;      // checked, written, imported, rebuilt, or there now
  std::uint64_t skipped = 0;     // rows that were not usable
  std::uint64_t unreadable = 0;  // tracks of a damaged index
  std::int64_t ms = 0;
  std::filesystem::path path;   // written, or where the old index is
  index::Stats stats;
  index::Storage storage;
  std::string refusal;  // why the last open moved an index aside; empty: it did not
};

/// Runs on the caller's thread. `go_on` hears of progress and ends the task with false. Errors: those of the task.
Result<IndexDone> carry_out(const IndexOrder& order, Library& library,
                            const std::function<bool(const IndexProgress&)>& go_on);

/// The rows of a table into an index. `go_on` hears of rows after every batch.
struct Imported {
  std::uint64_t rows = 0;      // now in the index
  std::uint64_t bad_rows = 0;  // not usable
};
Result<Imported> import_rows(const IndexOrder& order, index::Index& index, const std::function<bool(std::uint64_t)>& go_on);

}  // namespace earshot::node
