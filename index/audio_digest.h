// A digest of a file's sound alone, so that copies that differ in their tags meet: what is hashed is
//
//   mp3   what is left without ID3v2 and APEv2 tags in front, and ID3v1, APEv2 and Lyrics3 tags behind
//   flac  what follows the metadata blocks: the frames
//   ogg   the packets of Vorbis and Opus streams but the second, which is the comments; pages do not count
//   m4a   the insides of the `mdat` boxes
//   wav   the insides of the `fmt ` and `data` chunks
//
//   digest := XXH3-128(bytes, seed 1) XXH3-128(bytes, seed 2)     in xxHash's canonical byte order
//
// XXH3 is fast and not collision-resistant: whoever likes can make two files of one digest. It groups files of one
// library and proves nothing; contents are verified by their content ids.
#pragma once

#include <cstdint>

#include "schema/bytes.h"
#include "schema/result.h"

namespace earshot::index {

/// Reads the whole file once, from any place. Errors: kDisk, kUnsupported for none of these formats, kCorrupt for one whose
/// structure ends too early, kInvalid for one without sound.
Result<Digest32> audio_digest(int descriptor);

}  // namespace earshot::index
