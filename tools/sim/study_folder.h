// The folder that a study leaves: what was asked, with what, and what came of it.
//
//   manifest.json                           program, commit, compiler, command, the scenario's text, overrides, swept keys, seeds
//   runs.csv series.csv histograms.csv probes.csv   sim/study.h
//   journal.tsv                             a sweep's finished pairs: sim/journal.h
//   overlay.graphml overlay.tsv             who knew whom, of small networks: sim/graph_export.h
//   report.html figures/*.svg               after earshot-sim report
// Nothing in it depends on the moment or the machine, but for the compiler's name.
#pragma once

#include <filesystem>
#include <string>

#include "schema/result.h"
#include "sim/study.h"
#include "sim/table.h"
#include "tools/sim/study_flags.h"

namespace earshot::simtool {

/// "0.1.0 1769ed7": version and commit.
std::string program_version();

/// Errors: kDisk.
Result<void> write_file(const std::filesystem::path& path, std::string_view text);
Result<void> make_folder(const std::filesystem::path& folder);

Result<void> write_manifest(const std::filesystem::path& folder, const StudyPlan& plan, const sim::Study& study);
Result<void> write_tables(const std::filesystem::path& folder, const sim::StudyTables& tables);

/// Errors: those of the file, and kCorrupt, naming it.
Result<sim::Table> read_table(const std::filesystem::path& path);

struct Manifest {
  StudyPlan plan;
  std::string program, compiler;
  std::uint64_t fingerprint = 0;
};

/// Errors: kNotFound, kCorrupt.
Result<Manifest> read_manifest(const std::filesystem::path& folder);

/// Held while a sweep writes there. Errors: kDenied when another one does.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace earshot::simtool
