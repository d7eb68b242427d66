// Tracks into the rows of a table: FILE.tsv or FILE.tsv.zst, in the layout kHeader of index/import.h, which reads it back.
// Tabs and line breaks inside a text become spaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "schema/result.h"
#include "schema/track.h"

namespace earshot::index {

/// Writes to a temporary file beside `file`, which is replaced when finish() succeeds and untouched otherwise.
class TableWriter {
 public:
  /// Packed with zstd when the name ends in .zst. Errors: kDisk.
  static Result<std::unique_ptr<TableWriter>> open(const std::filesystem::path& file);
  virtual ~TableWriter() = default;

  /// Errors: kDisk.
  virtual Result<void> add(const Track& track) = 0;
  virtual Result<void> finish() = 0;
};

}  // namespace earshot::index
