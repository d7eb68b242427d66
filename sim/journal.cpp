// Lines to pairs and back.
#include "sim/journal.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr std::string_view kMagic = "earshot-sim journal 1 ";

std::string header_line(std::uint64_t fingerprint, const std::string& program) {
  return fmt::format("{}{:016x} {}\n", kMagic, fingerprint, program);
}

template <class T>
bool next_number(Pieces& fields, T& number) {
  std::string_view field;
  if (!fields.next(field)) return false;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc() && end == field.data() + field.size();
}

Result<std::vector<std::pair<Pair, PairRows>>> pairs_in(std::string_view text, const std::filesystem::path& path,
                                                        const std::string& header) {
  if (!text.starts_with(kMagic)) return fail(ErrorCode::kCorrupt, "'{}' is no journal of a study", path.string());
  if (!text.starts_with(header)) {
    return fail(ErrorCode::kInvalid, "'{}' belongs to another study or another build of this program ({}): choose another folder",
                path.string(), text.substr(0, text.find('\n')));
  }
  std::vector<std::pair<Pair, PairRows>> pairs;
  Pieces lines(text.substr(header.size()), '\n');
  std::size_t number = 1;
  for (std::string_view line; lines.next(line);) {
    ++number;
    auto pair = pair_from_line(line);
    if (!pair) return fail(ErrorCode::kCorrupt, "'{}':{}: no pair of a study; remove the line to run it again", path.string(), number);
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

/// The text up to the last whole line.
std::string_view whole_lines(std::string_view text) { return text.substr(0, text.rfind('\n') + 1); }

}  // namespace

std::string journal_line(const Pair& pair, const PairRows& rows) {
  std::string line = fmt::format("{}\t{}", pair.point, pair.seed);
  for (const std::string& row : rows.runs) line += "\tr" + row;
  for (const std::string& row : rows.series) line += "\ts" + row;
  for (const std::string& row : rows.histograms) line += "\th" + row;
  for (const std::string& row : rows.probes) line += "\tp" + row;
  return line + '\n';
}

std::optional<std::pair<Pair, PairRows>> pair_from_line(std::string_view line) {
  std::pair<Pair, PairRows> pair;
  Pieces fields(line, '\t');
  if (!next_number(fields, pair.first.point) || !next_number(fields, pair.first.seed)) return std::nullopt;
  for (std::string_view field; fields.next(field);) {
    if (field.empty()) return std::nullopt;
    const std::string row(field.substr(1));
    switch (field[0]) {
      case 'r': pair.second.runs.push_back(row); break;
      case 's': pair.second.series.push_back(row); break;
      case 'h': pair.second.histograms.push_back(row); break;
      case 'p': pair.second.probes.push_back(row); break;
      default: return std::nullopt;
    }
  }
  return pair;
}

Journal::Journal(const std::filesystem::path& path, std::vector<std::pair<Pair, PairRows>> pairs)
    : path_(path), file_(path, std::ios::binary | std::ios::app), pairs_(std::move(pairs)) {}

Result<Journal> Journal::open(const std::filesystem::path& path, std::uint64_t fingerprint, const std::string& program) {
  const std::string header = header_line(fingerprint, program);
  std::vector<std::pair<Pair, PairRows>> pairs;
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::size_t whole = 0;
  if (!error && size > 0) {
    const auto text = read_text(path);
    if (!text) return tl::unexpected(text.error());
    whole = whole_lines(*text).size();
    if (whole > 0) {
      auto read = pairs_in(whole_lines(*text), path, header);
      if (!read) return tl::unexpected(read.error());
      pairs = std::move(*read);
    }
    std::filesystem::resize_file(path, whole, error);
    if (error) return fail(ErrorCode::kDisk, "cut the torn end of '{}': {}", path.string(), error.message());
  }
  Journal journal(path, std::move(pairs));
  if (whole == 0) journal.file_ << header << std::flush;
  if (!journal.file_) return fail(ErrorCode::kDisk, "cannot write '{}'", path.string());
  return journal;
}

Result<std::vector<std::pair<Pair, PairRows>>> Journal::read(const std::filesystem::path& path, std::uint64_t fingerprint,
                                                             const std::string& program) {
  const auto text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  return pairs_in(whole_lines(*text), path, header_line(fingerprint, program));
}

Result<void> Journal::append(const Pair& pair, const PairRows& rows) {
  file_ << journal_line(pair, rows) << std::flush;
  if (!file_) return fail(ErrorCode::kDisk, "cannot write '{}': is the disk full?", path_.string());
  return {};
}

}  // namespace earshot::sim
