// What messages weigh on the wire. Frames measured through the wire (--through-the-wire) plus 33 bytes of CURVE and ZMTP and 40 of
// TCP and IP; a digest is as large as it is.
#pragma once

#include <cstddef>
#include <variant>

#include "overlay/message.h"

namespace earshot::sim {

inline std::size_t bytes_of(const overlay::Message& message) {
  constexpr std::size_t kEnvelope = 33 + 40;
  struct Weigh {
    std::size_t operator()(const overlay::Shuffle& one) const { return 168 + 52 * one.peers.size(); }
    std::size_t operator()(const overlay::ShuffleReply& one) const { return 56 + 52 * one.peers.size(); }
    std::size_t operator()(const overlay::ForwardJoin&) const { return 112; }
    std::size_t operator()(const overlay::Query& one) const { return 88 + one.request->text.size() + 8 * one.request->canaries.size(); }
    // One hit in a box: 428 bytes of list, signature 64, seal 48.
    std::size_t operator()(const overlay::Hits& one) const { return 60 + (one.box == nullptr ? 0 : 540); }
    std::size_t operator()(const overlay::Publish& one) const { return 152 + one.digest->size(); }
    std::size_t operator()(const overlay::Estimate&) const { return 104; }
    std::size_t operator()(const overlay::Join&) const { return 44; }
    std::size_t operator()(const overlay::Neighbor&) const { return 44; }
    std::size_t operator()(const overlay::NeighborReply&) const { return 44; }
    std::size_t operator()(const overlay::Leave&) const { return 44; }
  };
  return kEnvelope + std::visit(Weigh{}, message);
}

}  // namespace earshot::sim
