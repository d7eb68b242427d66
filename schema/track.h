// Track: what a library says about one piece of audio.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/ids.h"
#include "schema/time.h"

namespace earshot {

enum class Codec : std::uint8_t { kUnknown = 0, kMp3, kVorbis, kOpus, kFlac, kAac, kWav };

std::string_view to_string(Codec codec);
/// kUnknown for a name that is not in the table.
Codec codec_from(std::string_view name);

/// What a listener gets: a piece of music, an episode of a series, a stream that does not end, or the catalogue of a
/// publisher, whose name is the title and whose key stands in `publisher`.
enum class Kind : std::uint8_t { kTrack = 0, kEpisode, kStation, kPublisher };
inline constexpr Kind kLastKind = Kind::kPublisher;

std::string_view to_string(Kind kind);
std::optional<Kind> kind_from(std::string_view name);

/// Texts are clean UTF-8 of at most limits::kMaxTrackText bytes; empty or zero means unknown.
struct Track {
  ContentId content;
  std::string title;
  std::string artist;
  std::string album;
  std::string genre;
  std::uint16_t year = 0;
  std::uint32_t duration_ms = 0;
  std::uint32_t bitrate_kbps = 0;
  Codec codec = Codec::kUnknown;
  std::uint64_t size_bytes = 0;  // of the content; 0 when the track is only described
  Kind kind = Kind::kTrack;
  std::string licence;    // such as "cc-by-sa"
  std::string publisher;  // who put it out: a label, a series, a station

  bool operator==(const Track&) const = default;
};

/// Clips over-long texts and empties those that are not clean, so that the track obeys the limits above.
Track tidied(Track track);

/// True when the track obeys the limits above: what a decoder asks before it believes a stranger.
bool is_tidy(const Track& track);

}  // namespace earshot
