// What a study has finished so far, on disk: one line a pair, appended and flushed when it is done, so that a run that was
// interrupted, killed or lost its machine goes on where it was. Rows of the tables are made from it.
//
//   journal  = header pair*
//   header   = "earshot-sim journal 1 " fingerprint(16 hex digits) " " program LF
//   pair     = point TAB seed (TAB table row)* LF          table = "r" | "s" | "h" | "p", for runs, series, histograms and probes
//
// A last line without LF is torn: it is dropped, and its pair runs again. Whatever else does not read as above is an error: nobody but
// us writes this file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/result.h"
#include "sim/study.h"

namespace earshot::sim {

/// A pair as its line, with the LF; also what a rank sends to another.
std::string journal_line(const Pair& pair, const PairRows& rows);
/// Nothing when it is no such line. Without the LF.
std::optional<std::pair<Pair, PairRows>> pair_from_line(std::string_view line);

class Journal {
 public:
  /// Opens, or begins, the journal of a study, for one writer. `program` names version and commit: rows of another one are never mixed
  /// with ours. Errors: kInvalid, the file belongs to another study or program; kCorrupt, naming the line; kDisk.
  static Result<Journal> open(const std::filesystem::path& path, std::uint64_t fingerprint, const std::string& program);

  /// The pairs of a journal that somebody else wrote. Errors: as open(), and kNotFound.
  static Result<std::vector<std::pair<Pair, PairRows>>> read(const std::filesystem::path& path, std::uint64_t fingerprint,
                                                             const std::string& program);

  /// What was finished before. Call once.
  std::vector<std::pair<Pair, PairRows>> take_pairs() { return std::move(pairs_); }

  /// Errors: kDisk.
  Result<void> append(const Pair& pair, const PairRows& rows);

 private:
  Journal(const std::filesystem::path& path, std::vector<std::pair<Pair, PairRows>> pairs);

  std::filesystem::path path_;
  std::ofstream file_;
  std::vector<std::pair<Pair, PairRows>> pairs_;
};

}  // namespace earshot::sim
