// What the peers of a swarm agree on in their handshakes (RFC 7574, section 3.1 and 7): what we say, and whether another fits.
#pragma once

#include <string>

#include "stream/ppspp/message.h"

namespace earshot::stream::ppspp {

struct Agreement {
  ByteView swarm_id;
  Integrity integrity = Integrity::kMerkle;
  MerkleHash hash = MerkleHash::kSha256;
  Addressing addressing = Addressing::kChunk32;
  std::uint32_t chunk_size = 1024;
  /// Draft 10 names no chunk size, and SHA-1 is meant where no hash is named.
  bool draft10 = false;
  /// The RFC asks contents for a hash and forgets to ask live streams; who is silent then means the stream's.
  bool hash_is_said = true;
};

/// The options that every handshake of this swarm has; the first one of two peers also says with which swarm it means to speak.
Options options_of(const Agreement& swarm);

/// What the RFC says MUST be there, and what must agree. Empty: it fits.
std::string misfit(const Options& options, const Agreement& swarm);

}  // namespace earshot::stream::ppspp
