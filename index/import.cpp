// Columns, fields, rows.
#include "index/import.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "index/described.h"
#include "index/line_reader.h"
#include "schema/bytes.h"

namespace earshot::index {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class Column : std::uint8_t {
  kSkipped,
  kTitle,
  kArtist,
  kAlbum,
  kGenre,
  kYear,
  kDurationS,
  kDurationMs,
  kCodec,
  kKbps,
  kSizeBytes,
  kLicence,
  kContent,
  kDigest
};

struct ColumnName {
  std::string_view name;
  Column column;
};

constexpr std::array<ColumnName, 13> kColumnNames = {{{"title", Column::kTitle}, {"artist", Column::kArtist},
  {"album", Column::kAlbum}, {"genre", Column::kGenre}, {"year", Column::kYear}, {"duration_s", Column::kDurationS},
  {"duration_ms", Column::kDurationMs}, {"codec", Column::kCodec}, {"kbps", Column::kKbps},
  {"bitrate_kbps", Column::kKbps}, {"size_bytes", Column::kSizeBytes}, {"licence", Column::kLicence},
  {"content", Column::kContent}}};

constexpr std::array<Column, 11> kPeersColumns = {Column::kDigest, Column::kArtist, Column::kTitle, Column::kAlbum,
  Column::kGenre, Column::kYear, Column::kDurationS, Column::kCodec, Column::kKbps, Column::kLicence, Column::kSkipped};

Column column_named(std::string_view name) {
  for (const ColumnName& known : kColumnNames) {
    if (known.name == name) return known.column;
  }
  return Column::kSkipped;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = line.find('\t');
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

// Each of these is false for a field that makes the row a bad one.
bool read_text(std::string_view field, std::string& text) {
  text = field;
  return is_clean_text(field);
}

template <class T>
bool read_number(std::string_view field, T& number) {
  if (field.empty()) return true;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc() && end == field.data() + field.size();
}

// Decimal seconds: "273", "273.4".
bool read_seconds(std::string_view field, std::uint32_t& milliseconds) {
  if (field.empty()) return true;
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(field.data(), field.data() + field.size(), seconds, std::chars_format::fixed);
  if (error != std::errc() || end != field.data() + field.size()) return false;
  // The negation refuses what is not a number as well.
  if (!(seconds >= 0 && seconds * 1000 <= std::numeric_limits<std::uint32_t>::max())) return false;
  milliseconds = static_cast<std::uint32_t>(seconds * 1000);
  return true;
}

bool read_content(std::string_view field, std::optional<ContentId>& content) {
  if (field.empty()) return true;
  const auto id = content_id_from(field);
  if (id) content = *id;
  return id.has_value();
}

bool read_digest(std::string_view field, std::optional<ContentId>& content) {
  const auto digest = digest_from_hex(field);
  if (digest) content = ContentId{Scheme::kPpspp, *digest};
  return digest.has_value();
}

class Rows {
 public:
  explicit Rows(std::vector<Column> columns) : columns_(std::move(columns)) {}

  Result<Track> read(const Line& line) const {
    if (line.is_too_long) return fail(ErrorCode::kInvalid, "longer than {} bytes", kMaxLine);
    const auto fields = fields_of(line.text);
    if (fields.size() != columns_.size()) {
      return fail(ErrorCode::kInvalid, "{} fields, expected {}", fields.size(), columns_.size());
    }
    Track track;
    std::optional<ContentId> content;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!read_field(columns_[i], fields[i], track, content)) {
        return fail(ErrorCode::kInvalid, "field {} is unreadable", i + 1);
      }
    }
    if (track.title.empty()) return fail(ErrorCode::kInvalid, "no title");
    track = tidied(std::move(track));
    track.content = content ? *content : described_id(track);
    return track;
  }

 private:
  static bool read_field(Column column, std::string_view field, Track& track, std::optional<ContentId>& content) {
    switch (column) {
      case Column::kSkipped: return true;
      case Column::kTitle: return read_text(field, track.title);
      case Column::kArtist: return read_text(field, track.artist);
      case Column::kAlbum: return read_text(field, track.album);
      case Column::kGenre: return read_text(field, track.genre);
      case Column::kLicence: return read_text(field, track.licence);
      case Column::kYear: return read_number(field, track.year);
      case Column::kDurationS: return read_seconds(field, track.duration_ms);
      case Column::kDurationMs: return read_number(field, track.duration_ms);
      case Column::kCodec: track.codec = codec_from(field); return true;
      case Column::kKbps: return read_number(field, track.bitrate_kbps);
      case Column::kSizeBytes: return read_number(field, track.size_bytes);
      case Column::kContent: return read_content(field, content);
      case Column::kDigest: return read_digest(field, content);
    }
    return false;
  }

  std::vector<Column> columns_;
};

Result<std::vector<Column>> columns_of(LineReader& lines, const std::filesystem::path& file, TableLayout layout) {
  if (layout == TableLayout::kPeers) return std::vector<Column>(kPeersColumns.begin(), kPeersColumns.end());
  auto header = lines.next();
  if (!header) return tl::unexpected(header.error());
  std::vector<Column> columns;
  bool has_title = false;
  if (*header) {
    std::string_view text = (*header)->text;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    for (const std::string_view name : fields_of(text)) {
      columns.push_back(column_named(name));
      has_title = has_title || columns.back() == Column::kTitle;
    }
  }
  if (!has_title) {
    return fail(ErrorCode::kInvalid,
                "'{}': the first line names no column 'title': expected tab-separated column names, "
                "such as artist, title, album, year, duration_s, genre",
                file.string());
  }
  return columns;
}

}  // namespace

Result<ImportCounts> import_table(const std::filesystem::path& file, const ImportOptions& options,
                                  const TakeTracks& take) {
  auto lines = LineReader::open(file);
  if (!lines) return tl::unexpected(lines.error());
  auto columns = columns_of(**lines, file, options.layout);
  if (!columns) return tl::unexpected(columns.error());
  const Rows rows(std::move(*columns));
  ImportCounts counts;
  std::vector<Track> batch;
  while (true) {
    auto line = (*lines)->next();
    if (!line) return tl::unexpected(line.error());
    if (*line && !(*line)->is_too_long && (*line)->text.empty()) continue;
    if (*line) {
      auto track = rows.read(**line);
      if (track) {
        batch.push_back(std::move(*track));
        ++counts.rows;
      } else {
        if (++counts.bad_rows <= kMaxBadRowsKept) counts.first_bad.push_back({(*line)->number, track.error().what});
      }
    }
    const bool is_full = batch.size() >= options.batch;
    if (!batch.empty() && (is_full || !*line)) {
      if (auto taken = take(batch); !taken) return tl::unexpected(taken.error());
      batch.clear();
    }
    if (!*line) return counts;
  }
}

}  // namespace earshot::index
