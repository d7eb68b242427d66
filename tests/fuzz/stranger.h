// What the strangers of the streaming fuzzers have in common: they overhear the channel that they are told of.
#pragma once

#include <variant>

#include "stream/ppspp/swarm.h"
#include "tests/fuzz/take.h"

namespace earshot::stream::ppspp {

/// The channel id in the last handshake that goes out, or what was known before.
inline ChannelId overheard(const Outbox& out, ChannelId known) {
  for (const Effect& effect : out.effects) {
    const auto* send = std::get_if<Send>(&effect);
    if (send == nullptr) continue;
    const auto handshake = leading_handshake(ByteView(out.arena).subspan(send->offset, send->size));
    if (handshake && handshake->source != kNoChannel) known = handshake->source;
  }
  return known;
}

}  // namespace earshot::stream::ppspp
