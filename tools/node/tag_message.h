// What the tag child is asked, and what it says (tools/node/tag_child.h). One datagram each; numbers are little-endian.
//
//   request := name                      with the open file beside it (SCM_RIGHTS); and behind that, when its picture is wanted
//                                        instead, memory of kMaxArt bytes to put it into
//   reply   := 2:byte size:u32           of the picture; 0: there is none
//            | 1:byte title artist album genre year:u16 duration_ms:u32 kbps:u32 codec:byte size:u64 has_sound:byte sound(32)
//            | 0:byte error:byte what
//   title, artist, album, genre, what := size:u16 bytes
//
// The child has read a stranger's bytes and may be that stranger by now: a reply is believed no more than a file is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/bytes.h"
#include "schema/result.h"
#include "schema/track.h"

namespace earshot::node {

/// A file as its bytes describe it.
struct AudioFile {
  Track track;                    // without a content id
  std::optional<Digest32> sound;  // the same for copies that differ in their tags; nothing when it is damaged
};

inline constexpr std::size_t kMaxTagName = 4096;
inline constexpr std::size_t kMaxTagReply = 4 * (512 + 2) + 1024;

/// A picture in a file's tags. 1,500 x 1,500 points of JPEG take about 1 MB.
inline constexpr std::size_t kMaxArt = 4u << 20;

std::string encode_art_reply(const Result<std::size_t>& size);
/// At most kMaxArt. Errors: as decode_reply.
Result<std::size_t> decode_art_reply(std::string_view reply);

std::string encode_reply(const Result<AudioFile>& read);
/// Errors: the child's, or kCorrupt for a reply that no honest child gives.
Result<AudioFile> decode_reply(std::string_view reply);

}  // namespace earshot::node
