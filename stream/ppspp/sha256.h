// SHA-256 as the Merkle tree needs it: chunks of about a kilobyte and pairs of digests.
#pragma once

#include "schema/bytes.h"

namespace earshot::stream::ppspp {

/// The hash of a chunk, and of anything else.
Digest32 sha256(ByteView bytes);

/// The hash of a parent (RFC 7574, section 5.1): of both children, left then right; two empty children make an empty
/// parent. Empty is all zeros.
Digest32 parent_hash(const Digest32& left, const Digest32& right);

inline constexpr Digest32 kEmptyHash{};

}  // namespace earshot::stream::ppspp
