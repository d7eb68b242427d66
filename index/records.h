// Records: a track as it is stored.
//
//   record := scheme:byte digest:byte{32} codec:byte year duration_ms bitrate_kbps size_bytes text{4} more?
//   more   := kind:byte text{2}                     when 0x80 is added to the codec
//   text   := size byte{size}                       title, artist, album, genre; licence, publisher
//   body   := size_bytes text{5}                    title, artist, album, genre, publisher: what index/numbers.h lacks
// Integers are LEB128 varints (index/varint.h). There is no trailing byte: a field is added by a new format of the
// index (index/store.h). Format 1 had no `more`.
//
// Rationale for a form of our own beside the wire's TrackTable: no alignment, no tables of offsets, and a reader that
// judges each field on the way.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "schema/track.h"

namespace earshot::index {

std::string encode(const Track& track);
void append_record(std::string& out, const Track& track);

/// Nothing for bytes that are no record, or whose track is not tidy.
std::optional<Track> decode_record(std::string_view bytes);

/// Title, artist, album, genre and publisher where they lie; nothing for bytes that are no body.
std::optional<std::array<std::string_view, 5>> texts_of_body(std::string_view bytes);

/// Sets what a body knows of a track; false for bytes that are no body. Texts are taken as they are: they were judged
/// before they were stored.
bool read_body(std::string_view bytes, Track& track);

}  // namespace earshot::index
