// Boxes of hits: sealed to the one-time key of whoever asked, signed by the holder's own key.
//
//   box    := crypto_box_seal(opened) to SearchRequest::reply_key          48 bytes more than `opened`
//   opened := signature:64 holder:32 list
//   list   := an Envelope with Hits (overlay/wire.h), all of this holder
//
//  1. The signature (overlay/net/signature.h) covers "earshot hits 1", the reply key and the list. The reply key is drawn for one question, so a box
//     says who holds what and for which question, and cannot be shown to anybody else as an answer.
//  2. A reader checks in the order of cost: size, seal (30 us), signature (150 us), list; only then does the directory hear a word.
//  3. A question without a reply key is not answered.
#pragma once

#include <span>
#include <vector>

#include "overlay/directory.h"
#include "overlay/message.h"
#include "overlay/net/identity.h"
#include "schema/bytes.h"
#include "schema/result.h"
#include "schema/search.h"

namespace earshot::overlay::net {

/// Best first; what does not fit into limits::kMaxBox is left out. REQUIRES: every hit names `holder`'s owner as its holder.
/// Errors: kInvalid when there is no reply key or it is no point, kNotFound when nobody can dial the holder.
Result<SharedBox> seal_hits(const Identity& holder, const Digest32& reply_key, std::span<const Hit> hits,
                            const Directory& directory);

/// How many of these a box holds.
std::size_t hits_in_box(std::span<const Hit> hits);

/// `reply` is the key pair drawn for the question, `from` whose link the box came on. Errors: kInvalid.
Result<std::vector<Hit>> open_hits(const Identity& reply, ByteView box, PeerId from, Directory& directory);

}  // namespace earshot::overlay::net
