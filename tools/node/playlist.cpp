// The two formats.
#include "tools/node/playlist.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/node/feed.h"

namespace earshot::node {

namespace {

// A line is a row: what would end it is a space.
std::string in_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  return text;
}

std::string m3u8(std::span<const PlaylistRow> rows) {
  std::string text = "#EXTM3U\n";
  for (const PlaylistRow& row : rows) {
    const std::string name = row.artist.empty() ? row.title : row.artist + " - " + row.title;
    const std::int64_t seconds = row.duration_ms == 0 ? -1 : (std::int64_t{row.duration_ms} + 500) / 1000;
    text += fmt::format("#EXTINF:{},{}\n{}\n", seconds, in_line(name), in_line(row.url));
  }
  return text;
}

std::string xspf(std::span<const PlaylistRow> rows) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\">\n<trackList>\n";
  for (const PlaylistRow& row : rows) {
    xml += fmt::format("<track><location>{}</location>", xml_text(row.url));
    for (const auto& [name, text] : {std::pair{"title", &row.title}, {"creator", &row.artist}, {"album", &row.album}}) {
      if (!text->empty()) xml += fmt::format("<{0}>{1}</{0}>", name, xml_text(*text));
    }
    if (row.duration_ms > 0) xml += fmt::format("<duration>{}</duration>", row.duration_ms);
    xml += "</track>\n";
  }
  return xml + "</trackList>\n</playlist>\n";
}

}  // namespace

std::optional<PlaylistFormat> playlist_format_from(std::string_view name) {
  if (name == "m3u8") return PlaylistFormat::kM3u8;
  if (name == "xspf") return PlaylistFormat::kXspf;
  return std::nullopt;
}

std::string playlist(std::span<const PlaylistRow> rows, PlaylistFormat format) {
  return format == PlaylistFormat::kXspf ? xspf(rows) : m3u8(rows);
}

}  // namespace earshot::node
