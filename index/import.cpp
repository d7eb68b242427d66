// Columns, fields, rows.
#include "index/import.h"

#include <array>
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <thread>

#include "index/described.h"
#include "index/line_reader.h"
#include "index/read_ahead.h"
#include "schema/bytes.h"
#include "schema/limits.h"

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

void cut_fields(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  while (true) {
    const std::size_t end = line.find('\t');
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return;
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
  constexpr std::uint32_t kMostWhole = std::numeric_limits<std::uint32_t>::max() / 1000;
  if (std::uint32_t whole = 0; read_number(field, whole) && whole <= kMostWhole) {
    milliseconds = whole * 1000;
    return true;
  }
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

  /// Sets all of a track, whose memory is used again.
  Result<void> read(const Line& line, Track& track) {
    if (line.is_too_long) return fail(ErrorCode::kInvalid, "longer than {} bytes", kMaxLine);
    cut_fields(line.text, fields_);
    if (fields_.size() != columns_.size()) {
      return fail(ErrorCode::kInvalid, "{} fields, expected {}", fields_.size(), columns_.size());
    }
    clear(track);
    std::optional<ContentId> content;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (!read_field(columns_[i], fields_[i], track, content)) {
        return fail(ErrorCode::kInvalid, "field {} is unreadable", i + 1);
      }
    }
    if (track.title.empty()) return fail(ErrorCode::kInvalid, "no title");
    if (!fits(track)) track = tidied(std::move(track));
    track.content = content ? *content : described_id(track);
    return {};
  }

 private:
  static constexpr std::array<std::string Track::*, 6> kTexts = {&Track::title, &Track::artist,  &Track::album,
                                                                 &Track::genre, &Track::licence, &Track::publisher};

  static void clear(Track& track) {
    for (const auto text : kTexts) (track.*text).clear();
    track.year = 0;
    track.duration_ms = 0;
    track.bitrate_kbps = 0;
    track.codec = Codec::kUnknown;
    track.size_bytes = 0;
    track.kind = Kind::kTrack;
  }

  // Whether its texts are clean was asked of each field.
  static bool fits(const Track& track) {
    return std::all_of(kTexts.begin(), kTexts.end(), [&](auto text) { return (track.*text).size() <= limits::kMaxTrackText; });
  }

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
  std::vector<std::string_view> fields_;
};

// Reads rows into batches until the end, an error, or nobody takes them. `counts` are its own until it is done.
void read_rows(LineReader& lines, Rows& rows, std::size_t batch_size, Batches& batches, ImportCounts& counts) {
  while (true) {
    Batches::Batch batch;
    batch.tracks = batches.empty();
    if (batch.tracks.size() < batch_size) batch.tracks.resize(batch_size);
    while (batch.size < batch_size && !batch.is_last) {
      const auto line = lines.next();
      batch.is_last = !line || !*line;
      if (!line) batch.error = line.error();
      if (batch.is_last || (!(*line)->is_too_long && (*line)->text.empty())) continue;
      if (const auto read = rows.read(**line, batch.tracks[batch.size]); read) {
        ++batch.size;
        ++counts.rows;
      } else if (++counts.bad_rows <= kMaxBadRowsKept) {
        counts.first_bad.push_back({(*line)->number, read.error().what});
      }
    }
    const bool was_last = batch.is_last;
    if (!batches.put(std::move(batch)) || was_last) return;
  }
}

std::vector<Column> columns_named_in(std::string_view header) {
  if (header.starts_with(kByteOrderMark)) header.remove_prefix(kByteOrderMark.size());
  std::vector<std::string_view> names;
  cut_fields(header, names);
  std::vector<Column> columns;
  for (const std::string_view name : names) columns.push_back(column_named(name));
  return columns;
}

// Eleven fields of which the first is a digest.
bool is_row_of_peers(std::string_view line) {
  std::vector<std::string_view> fields;
  cut_fields(line, fields);
  return fields.size() == kPeersColumns.size() && digest_from_hex(fields[0]);
}

// Leaves `lines` at the first row.
Result<std::vector<Column>> columns_of(std::unique_ptr<LineReader>& lines, const std::filesystem::path& file,
                                       TableLayout layout) {
  const std::vector<Column> peers(kPeersColumns.begin(), kPeersColumns.end());
  if (layout == TableLayout::kPeers) return peers;
  auto header = lines->next();
  if (!header) return tl::unexpected(header.error());
  const std::string_view text = *header ? (*header)->text : std::string_view();
  if (layout == TableLayout::kAny && is_row_of_peers(text)) {
    auto again = LineReader::open(file);
    if (!again) return tl::unexpected(again.error());
    lines = std::move(*again);
    return peers;
  }
  auto columns = columns_named_in(text);
  if (std::find(columns.begin(), columns.end(), Column::kTitle) == columns.end()) {
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
  auto columns = columns_of(*lines, file, options.layout);
  if (!columns) return tl::unexpected(columns.error());
  Rows rows(std::move(*columns));
  ImportCounts counts;
  Batches batches;
  std::thread reader([&] { read_rows(**lines, rows, options.batch, batches, counts); });
  Result<void> done;
  for (bool is_last = false; done && !is_last;) {
    Batches::Batch batch = batches.take();
    is_last = batch.is_last;
    if (batch.size > 0) done = take(std::span(batch.tracks).first(batch.size));
    if (done && batch.error) done = tl::unexpected(*batch.error);
    batches.give_back(std::move(batch.tracks));
  }
  batches.stop();
  reader.join();
  if (!done) return tl::unexpected(done.error());
  return counts;
}

}  // namespace earshot::index
