// A text file line by line, plain or packed with zstd, in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "schema/result.h"

namespace earshot::index {

/// A line, in bytes: twelve texts of kMaxTrackText with room to spare. Longer: skipped up to its end.
inline constexpr std::size_t kMaxLine = 64 * 1024;

struct Line {
  std::uint64_t number = 0;  // from 1
  std::string_view text;     // without its end; empty when the line is too long; valid until the next line is read
  bool is_too_long = false;
};

class LineReader {
 public:
  /// zstd is recognised by its magic number, not by the file's name. Errors: kNotFound, kDisk, kInvalid for what is no
  /// regular file.
  static Result<std::unique_ptr<LineReader>> open(const std::filesystem::path& file);
  virtual ~LineReader() = default;

  /// Nothing at the end. Errors: kDisk, kCorrupt for damaged zstd.
  virtual Result<std::optional<Line>> next() = 0;
};

}  // namespace earshot::index
