// Codec names and the limits of a track's texts.
#include "schema/track.h"

#include <array>

#include "schema/limits.h"

namespace earshot {

namespace {

constexpr std::array<std::string_view, 7> kCodecNames = {"unknown", "mp3", "vorbis", "opus", "flac", "aac", "wav"};

constexpr std::array<std::string_view, 4> kKindNames = {"track", "episode", "station", "publisher"};

bool is_tidy_text(const std::string& text) { return text.size() <= limits::kMaxTrackText && is_clean_text(text); }

void tidy_text(std::string& text) {
  if (text.size() > limits::kMaxTrackText) text = clip_utf8(text, limits::kMaxTrackText);
  if (!is_clean_text(text)) text.clear();
}

}  // namespace

std::string_view to_string(Codec codec) {
  const auto number = static_cast<std::size_t>(codec);
  return number < kCodecNames.size() ? kCodecNames[number] : kCodecNames[0];
}

Codec codec_from(std::string_view name) {
  for (std::size_t i = 0; i < kCodecNames.size(); ++i) {
    if (kCodecNames[i] == name) return static_cast<Codec>(i);
  }
  return Codec::kUnknown;
}

std::string_view to_string(Kind kind) {
  const auto number = static_cast<std::size_t>(kind);
  return number < kKindNames.size() ? kKindNames[number] : kKindNames[0];
}

std::optional<Kind> kind_from(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

Track tidied(Track track) {
  for (std::string* text :
       {&track.title, &track.artist, &track.album, &track.genre, &track.licence, &track.publisher}) {
    tidy_text(*text);
  }
  return track;
}

bool is_tidy(const Track& track) {
  return is_tidy_text(track.title) && is_tidy_text(track.artist) && is_tidy_text(track.album) &&
         is_tidy_text(track.genre) && is_tidy_text(track.licence) && is_tidy_text(track.publisher) &&
         track.kind <= kLastKind && track.codec <= Codec::kWav && track.content.scheme <= Scheme::kPpspp;
}

}  // namespace earshot
