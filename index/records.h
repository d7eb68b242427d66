// Records: a track as it is stored.
//
//   record := scheme:byte digest:byte{32} body
//   body   := codec:byte year duration_ms bitrate_kbps size_bytes text{4}
//   text   := size byte{size}                       title, artist, album, genre
// Integers are LEB128 varints (index/varint.h). There is no trailing byte: a field is added by a new format of the
// index (index/store.h).
//
// Rationale for a form of our own beside the wire's TrackTable: no alignment, no tables of offsets, and a reader that
// judges each field on the way.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/track.h"

namespace earshot::index {

std::string encode(const Track& track);

/// Nothing for bytes that are no record, or whose track is not tidy.
std::optional<Track> decode_record(std::string_view bytes);

/// Nothing for bytes that are no body. Texts are taken as they are: they were judged before they were stored.
std::optional<Track> decode_body(std::string_view bytes);

void put_body(std::string& out, const Track& track);

}  // namespace earshot::index
