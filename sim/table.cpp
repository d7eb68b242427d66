// CSV to cells.
#include "sim/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace earshot::sim {

namespace {

/// Takes one record off the front; false when a quote stays open.
bool take_record(std::string_view& rest, std::vector<std::string>& cells) {
  cells.assign(1, "");
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quoted) {
      if (c != '"') {
        cells.back() += c;
      } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
        cells.back() += rest[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return !quoted;
}

}  // namespace

Result<Table> Table::parse(std::string_view csv) {
  Table table;
  if (csv.empty() || !take_record(csv, table.columns_)) return fail(ErrorCode::kCorrupt, "no header line");
  std::vector<std::string> cells;
  while (!csv.empty()) {
    if (!take_record(csv, cells) || cells.size() != table.columns_.size()) {
      return fail(ErrorCode::kCorrupt, "row {} has {} cells, not {}", table.rows_.size() + 1, cells.size(), table.columns_.size());
    }
    table.rows_.push_back(cells);
  }
  return table;
}

std::optional<std::size_t> Table::column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

double Table::number(std::size_t row, std::size_t column) const { return number_in(text(row, column)).value_or(0); }

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace earshot::sim
