// What kind of audio a content is, told from its own first bytes: what a stranger says of it decides nothing that a
// browser will act on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/bytes.h"

namespace earshot::node {

/// Bytes that media_type_of looks at, at most.
inline constexpr std::size_t kTypeBytes = 64;

/// "audio/mpeg", ...; "application/octet-stream" for what is not known, which no browser plays, shows or runs.
std::string_view media_type_of(ByteView first);

/// JPEG, PNG or WebP: what a page shows and no page runs.
bool is_picture(ByteView first);

/// The profile by which DLNA players know a type ("MP3"); empty for types that have none.
std::string_view dlna_profile_of(std::string_view media_type);

/// Bytes of the ID3v2 tag that a content begins with (id3.org, ID3v2.4.0 section 3.1); 0: none. REQUIRES: the content's
/// first ten bytes, or all of it.
std::uint64_t id3v2_size(ByteView first);

}  // namespace earshot::node
