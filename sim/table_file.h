// Text tables from outside: whole files, plain or compressed with zstd, and their rows.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"

namespace earshot::sim {

/// The text of a file; decompressed when its name ends in ".zst". At most 2 GiB: a traced network of 100 million links.
/// Errors: kNotFound, kDisk, kCorrupt, kExhausted.
Result<std::string> read_text(const std::filesystem::path& path);

/// Cuts a text at `separator`, without the last one if nothing follows it.
class Pieces {
 public:
  Pieces(std::string_view text, char separator) : rest_(text), separator_(separator) {}

  /// False at the end.
  bool next(std::string_view& piece);

 private:
  std::string_view rest_;
  char separator_;
};

/// The position of a column named in a header line of tabs. Errors: kInvalid.
Result<std::size_t> column_of(std::string_view header, std::string_view name);

/// The cell of a row in this column; empty where the row is shorter.
std::string_view cell_of(std::string_view row, std::size_t column);

/// A whole number of at most 9 digits and nothing else; false otherwise.
bool parse_number(std::string_view text, std::uint32_t& number);

}  // namespace earshot::sim
