// Every limit that two parties, or two rooms of this house, must agree on, with its arithmetic and what happens when
// it is reached. A limit that binds one file only stands in that file.
#pragma once

#include <cstddef>
#include <cstdint>

#include "schema/time.h"

namespace earshot::limits {

/// The largest overlay frame, in bytes. Larger: the link is dropped (the transport refuses it before reading it).
inline constexpr std::size_t kMaxFrame = 64 * 1024;

/// The largest frame that carries a query: a text of kMaxQueryText and its envelope. Larger: dropped and counted.
inline constexpr std::size_t kMaxQueryFrame = 4 * 1024;

/// A search text, in bytes. Longer: refused where it is typed, dropped where it is received.
inline constexpr std::size_t kMaxQueryText = 512;

/// One text field of a track (title, artist, ...), in bytes. Longer: clipped on a code point at the source, and a frame
/// that holds a longer one is dropped.
inline constexpr std::size_t kMaxTrackText = 512;

/// Hits in one message: 50 hits x (4 texts of 64 bytes + id 32 + contact 70 + 60 of table) is 21 kB, a third of
/// kMaxFrame. More: the encoder splits, the decoder drops the frame.
inline constexpr std::size_t kMaxHitsPerMessage = 50;

/// Hits that one peer may return for one query, and that the origin keeps in all. More: dropped, the best-ranked stay.
inline constexpr std::size_t kMaxHitsPerHolder = 50;
inline constexpr std::size_t kMaxHitsPerQuery = 1000;

/// Peers in one SHUFFLE beside its origin: HyParView sends 3 + 4 (paper, section 5.1). 8 keeps a message in memory at 48
/// bytes. More: the frame is dropped.
inline constexpr std::size_t kMaxShuffle = 8;

/// Time to live of a query, and of a walk. A flood of 7 hops over degree 5 is 4 x 5^6 = 62,500 links at most; larger
/// values are clamped on every receipt (THREATS: TTL inflation).
inline constexpr std::uint8_t kMaxFloodTtl = 7;
inline constexpr std::uint16_t kMaxWalkTtl = 1024;
inline constexpr std::uint8_t kMaxWalkers = 64;

/// Queries that one peer has open at once as their origin. More: refused with kExhausted.
inline constexpr std::size_t kMaxOpenQueries = 256;

/// Contacts in the address book: 64 Ki x 230 bytes = 15 MiB. Full: the contact unused for longest is forgotten.
inline constexpr std::size_t kMaxContacts = 64 * 1024;

/// How long a query stays open at its origin when the request does not say, and at most.
inline constexpr Duration kDefaultQueryTime = 5s;
inline constexpr Duration kMaxQueryTime = 120s;

/// Flatbuffers verification: with the library's own limits (64 levels, a million tables) a message of 1,280 bytes costs
/// 6.7 ms; with these at most 3.4 us.
inline constexpr std::size_t kVerifierDepth = 16;
inline constexpr std::size_t kVerifierTables = 512;

}  // namespace earshot::limits
