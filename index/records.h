// Records: a track as it is stored.
//
//   record := scheme:byte digest:byte{32} codec:byte year duration_ms bitrate_kbps size_bytes text{4}
//   text   := size byte{size}                       title, artist, album, genre
// Integers are LEB128 varints (index/varint.h). There is no trailing byte: a field is added by a new format of the index
// (index/store.h). Rationale for a form of our own: a flatbuffers TrackTable of a typical row takes 190 bytes, this 105.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/track.h"

namespace earshot::index {

std::string encode(const Track& track);

/// Nothing for bytes that are no record, or whose track is not tidy.
std::optional<Track> decode_record(std::string_view bytes);

/// Only whose record it is.
std::optional<ContentId> content_of_record(std::string_view bytes);

}  // namespace earshot::index
