// A file's tags into a track: mp3, ogg (Vorbis), opus, flac, m4a, wav, by TagLib.
//
// A file is a stranger's bytes. It is opened without following a link in its last step, must be a regular file, and is
// known by its first bytes, not by its name. TagLib reads it through a stream that hands out kMaxTagBytes at most, so a
// length field cannot make it read, or reserve, more. Numbers that cannot be true become 0, texts are cleaned and
// clipped. Not for: keeping a crash of TagLib from the caller. The scanner's process stands for that.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "schema/result.h"
#include "schema/track.h"

namespace earshot::index {

/// Bytes of one file that are read for its tags, embedded pictures included: FLAC's largest block is 16 MiB, and two of
/// them are one more than players write. More: the rest reads as if the file ended.
inline constexpr std::size_t kMaxTagBytes = 32u << 20;

/// The track of an open file, wherever it stands; `name` is what it is called. Errors: kUnsupported for no known audio
/// format, kCorrupt for a known one without sound, kDisk.
Result<Track> read_tags(int descriptor, const std::filesystem::path& name);

/// A picture that the tags hold, the front cover first, as its bytes stand there: a stranger's. Empty when there is none, or
/// none of at most `most` bytes. Errors: as read_tags.
Result<std::string> read_art(int descriptor, const std::filesystem::path& name, std::size_t most);

/// The track of a file, size_bytes included; `content` is left empty for whoever hashes the bytes. Without a title in
/// its tags, the file's name without extension is the title. Errors: kNotFound, kDenied, kDisk, kInvalid for what is no
/// regular file, kUnsupported for no known audio format, kCorrupt for a known one without sound.
Result<Track> read_tags(const std::filesystem::path& file);

}  // namespace earshot::index
