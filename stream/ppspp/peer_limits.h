// What swarms of contents and of live streams expect of a peer alike: how long it may be silent, and how much of it is believed.
#pragma once

#include <cstddef>

#include "schema/time.h"

namespace earshot::stream::ppspp {

/// Section 3.12: three minutes without a datagram and at least three sent in that time.
inline constexpr Duration kDeadAfter = 180s;
inline constexpr unsigned kDeadUnanswered = 3;

inline constexpr Duration kHalfOpenTime = 10s;  // a round trip is a second at worst

/// Handshakes of the RFC that a peer leaves unanswered before draft 10's is tried, too.
inline constexpr unsigned kSilentDials = 2;

/// How long UDP alone is tried before a peer behind a link is dialled: four handshakes.
inline constexpr Duration kLinkPatience = 4s;

/// Section 3.10: "Peer B MUST have exchanged messages with Peer Ci in the last 60 seconds."
inline constexpr Duration kLiveliness = 60s;
inline constexpr std::size_t kMaxAddresses = 32;  // in one answer: 32 x 19 bytes fit into a datagram; more are not believed

}  // namespace earshot::stream::ppspp
