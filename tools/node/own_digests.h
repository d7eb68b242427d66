// Our library as others may know it: its words, hashed, in as many signed digests as hold them (schema/digest.h).
#pragma once

#include <cstdint>

#include "index/digest_keys.h"
#include "index/index.h"
#include "overlay/net/identity.h"
#include "overlay/publish/publisher.h"
#include "schema/result.h"

namespace earshot::node {

struct OwnDigests {
  overlay::SharedDigests digests;  // at least one
  std::size_t left_out = 0;        // tracks that did not fit
};

/// Reads the whole library. A library without tracks has a digest, too, of one key that no word has.
/// Rationale: whether questions meet digests is counted by those of peers drawn at random (canaries); who had none would be
/// taken for one that was missed. Cost: 20 us a track, and its keys in memory. Errors: kDisk, kCorrupt.
Result<OwnDigests> own_digests(const index::Index& library, const index::DigestKeys& keys,
                               const overlay::net::Identity& identity, std::uint64_t sequence);

}  // namespace earshot::node
