// What the fuzzers' strangers have in common: their bytes, and that they overhear the channel that they are told of.
#pragma once

#include <variant>

#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

/// The next byte of the input; 0 behind its end.
inline std::uint8_t take(ByteView& input) {
  if (input.empty()) return 0;
  const std::uint8_t byte = input.front();
  input = input.subspan(1);
  return byte;
}

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
