// Frames to messages and back: size, aligned copy, flatbuffers verification with tight limits, then our own semantic
// check. Tables in schema/overlay.fbs. Nothing else in the project reads a frame from the network, and nothing calls
// flatbuffers' UnPack (64 KiB can unpack to 256 MiB).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "overlay/browse/browsing.h"
#include "overlay/directory.h"
#include "overlay/message.h"
#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/result.h"

namespace earshot::overlay::wire {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::uint16_t kMinVersion = 1;

/// The first frame on every link, both ways. The key in `self` is checked by the transport against the link's.
struct Hello {
  std::uint16_t version = kVersion;
  std::uint16_t min_version = kMinVersion;
  Contact self;
  std::string agent;  // program and version, for people
};

using Frame = std::variant<Hello, Message, Browse, Shelf>;

Bytes encode(const Hello& hello);
Bytes encode(const Browse& question);
/// REQUIRES: a box of at most limits::kMaxBox.
Bytes encode(const Shelf& shelf);

/// Peers that the directory has forgotten, or whose port is 0 so that nobody can dial them, are left out of lists; a
/// message about such a peer only fails with kNotFound, a search text or a box that is too long with kExhausted.
Result<Bytes> encode(const Message& message, const Directory& directory);

/// What goes into a box. Hits come best first: those beyond limits::kMaxHitsPerMessage, or beyond what fits into `at_most` bytes, are
/// cut. Errors: kNotFound when the holder is forgotten or nobody can dial him.
Result<Bytes> encode_hits(std::span<const Hit> hits, std::size_t at_most, const Directory& directory);

/// How many of these encode_hits would put in.
std::size_t fitting_hits(std::span<const Hit> hits, std::size_t at_most);

/// `from` is whose link the box came on: he is the one who tells where the holder is. Checks as decode() does.
Result<std::vector<Hit>> decode_hits(ByteView hits, PeerId from, Directory& directory);

/// The first frame on a link, when nobody is known to have sent it yet. Errors: kInvalid for anything that is no hello of
/// at most 1 KiB, kUnsupported for a newer version.
Result<Hello> decode_hello(ByteView frame);

/// `from` is whose link the frame came on. Errors: kUnsupported for a newer body or version (drop and count),
/// kInvalid for everything malformed (drop, count and blame). Cost: at most 10 us, memory at most 2 x the frame.
Result<Frame> decode(ByteView frame, PeerId from, Directory& directory);

}  // namespace earshot::overlay::wire
