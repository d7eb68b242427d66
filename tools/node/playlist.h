// Tracks as a playlist that any player opens: M3U with lengths and titles, in UTF-8, or XSPF 1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace earshot::node {

enum class PlaylistFormat : std::uint8_t { kM3u8, kXspf };

/// "m3u8" or "xspf".
std::optional<PlaylistFormat> playlist_format_from(std::string_view name);

struct PlaylistRow {
  std::string url, title, artist, album;
  std::uint32_t duration_ms = 0;  // 0: not known
};

std::string playlist(std::span<const PlaylistRow> rows, PlaylistFormat format);

}  // namespace earshot::node
