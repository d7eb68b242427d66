// Everything that a swarm can ask of the world, one closed list. A driver (stream/ppspp/engine, sim) visits it without a
// default arm, so that a new effect does not compile until both drivers know it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "stream/ppspp/bin.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/message.h"

namespace earshot::stream::ppspp {

/// Send this part of the outbox's arena as one datagram. Neighbouring sends to one endpoint lie one behind the other, so
/// that a driver may hand a run of them to the kernel at once.
struct Send { Endpoint to; std::size_t offset = 0; std::size_t size = 0; };

/// Read these chunks, all under one tree page, and call Swarm::loaded with them: at once or later.
struct Load { ChannelId channel{}; ChunkRange chunks; };

/// What is known of the content's length. Comes before the first Keep; again when more is known.
struct Sized {
  std::uint64_t chunk_count = 0;
  std::uint64_t size = 0;         // in bytes; 0 until the last chunk is here
  std::vector<Node> peaks;        // of that many chunks
};

/// Write a verified chunk. The bytes stay valid until the next receive or tick, and while the datagram does that came last.
struct Keep { std::uint64_t chunk = 0; ByteView bytes; };

/// Write a page of the tree. It stays valid until the next receive or tick.
struct KeepPage { std::uint64_t index = 0; const TreePage* page = nullptr; };

using Effect = std::variant<Send, Load, Sized, Keep, KeepPage>;

/// The effects of a call, in order, and the bytes of their datagrams. The driver lends it empty.
struct Outbox {
  std::vector<Effect> effects;
  Bytes arena;

  void clear() {
    effects.clear();
    arena.clear();
  }
};

}  // namespace earshot::stream::ppspp
