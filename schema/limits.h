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

/// A box of hits, sealed: 20 hits of 300 bytes are 6 kB. More: the holder puts in fewer, the decoder drops the frame.
inline constexpr std::size_t kMaxBox = 16 * 1024;

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

/// Peers that one copy of a query or of a digest may still be sent to. A million peers need 6,455 x 9 / 4 for a recall of
/// 99.99 %; each peer clamps further by what it knows of the network's size. More: the frame is dropped.
inline constexpr std::uint32_t kMaxVisits = 1u << 20;

/// Links that such a copy may cross. With 16 links a peer, 6 reach a million; pieces of one visit that meet
/// only peers that were visited before wander on, and 1 in 10^5 of them wanders longer. More: the copy ends.
inline constexpr std::uint16_t kMaxBubbleHops = 32;

/// Owners whose digest matches that one peer may name for a query: it passes the query to each of them. A digest that
/// claims everything costs each query one message of these. More: the first ones count.
inline constexpr std::size_t kMaxOwnersPerAnswer = 10;

/// Canaries in one query: one bit each in an answer. More: the frame is dropped.
inline constexpr std::size_t kMaxCanaries = 8;

/// Keys in one digest (a shard of a library): 5,000 x 2.7 bytes is 13.5 kB, a fifth of kMaxFrame. A library
/// of 3,000 tracks has some 3,000 different words and pairs of artist and title. More: another shard.
inline constexpr std::size_t kMaxDigestKeys = 5000;
inline constexpr std::uint8_t kMaxDigestShards = 64;

/// How long a digest may be hosted without being published again.
inline constexpr Duration kMaxDigestLife = 60min;

/// How long a query may stay at those who were asked, to be answered when something new comes. As long as a digest: who asked
/// asks again before.
inline constexpr Duration kMaxKeep = 60min;

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
