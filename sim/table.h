// Tables of results, read back: CSV as sim/study.h writes it (RFC 4180).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"

namespace earshot::sim {

class Table {
 public:
  /// A header line and rows of as many cells. Errors: kCorrupt, naming the line.
  static Result<Table> parse(std::string_view csv);

  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::size_t> column(std::string_view name) const;
  std::size_t size() const { return rows_.size(); }
  /// REQUIRES: row < size(), column < columns().size().
  const std::string& text(std::size_t row, std::size_t column) const { return rows_[row][column]; }
  /// 0 for what is no number.
  double number(std::size_t row, std::size_t column) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// The number that the whole text is, if it is one.
std::optional<double> number_in(std::string_view text);

}  // namespace earshot::sim
