// Rows of a table into tracks: FILE.tsv or FILE.tsv.zst.
//
// Rows are read on a thread of their own, a few batches ahead of whoever takes them. Two layouts:
//   kHeader   the first line names the columns: title (needed), artist, album, genre, year, duration_s, duration_ms,
//             codec, kbps, size_bytes, licence, content; others are skipped. Rows without a `content` get described_id.
//   kPeers    no header, eleven columns: content (64 hexadecimal digits) artist title album genre year duration_s codec
//             kbps licence availability; the last is skipped.
// Fields are separated by tabs and not quoted. Empty means unknown. A bad row is counted, its line number kept, and it
// is skipped; it never ends an import.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "schema/result.h"
#include "schema/track.h"

namespace earshot::index {

/// kAny: kPeers when the first line is such a row, else kHeader.
enum class TableLayout : std::uint8_t { kHeader, kPeers, kAny };

struct BadRow {
  std::uint64_t line = 0;
  std::string why;
};

struct ImportCounts {
  std::uint64_t rows = 0;      // good ones
  std::uint64_t bad_rows = 0;
  std::vector<BadRow> first_bad;  // the first kMaxBadRowsKept of them
};

inline constexpr std::size_t kMaxBadRowsKept = 20;

struct ImportOptions {
  TableLayout layout = TableLayout::kHeader;
  std::size_t batch = 4096;  // tracks handed over at once, at most
};

/// Takes the next tracks, in the order of the rows; an error ends the import with it.
using TakeTracks = std::function<Result<void>(std::span<const Track>)>;

/// Errors: kNotFound, kDisk, kCorrupt for damaged zstd, kInvalid for a header without a title, and those of `take`.
Result<ImportCounts> import_table(const std::filesystem::path& file, const ImportOptions& options,
                                  const TakeTracks& take);

}  // namespace earshot::index
