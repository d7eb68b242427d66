// What a swarm wants to send, gathered: for tests that play its peer by hand.
#pragma once

#include <vector>

#include "schema/endpoint.h"
#include "stream/ppspp/effect.h"

namespace earshot::stream::ppspp {

/// The peer that is played.
inline const Endpoint kPeer = endpoint_from("192.0.2.7:6778").value();

/// Carries out what else there is, which may add more, and takes the datagrams.
template <class CarryOut>
std::vector<Bytes> sent_datagrams(Outbox& out, CarryOut&& carry_out) {
  for (std::size_t i = 0; i < out.effects.size(); ++i) {
    const Effect effect = out.effects[i];
    carry_out(effect);
  }
  std::vector<Bytes> datagrams;
  for (const Effect& effect : out.effects) {
    const auto* send = std::get_if<Send>(&effect);
    if (send == nullptr) continue;
    const ByteView bytes = ByteView(out.arena).subspan(send->offset, send->size);
    datagrams.emplace_back(bytes.begin(), bytes.end());
  }
  out.clear();
  return datagrams;
}

}  // namespace earshot::stream::ppspp
