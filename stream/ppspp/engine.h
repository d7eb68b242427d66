// The ppspp engine: many swarms on one UDP port. One thread owns the socket and the swarms; a second one syncs disks;
// whoever opens, reads and shares does so from any thread.
//
//   folder/contents/ROOT, ROOT.part, ROOT.sidecar     what was fetched (stream/chunk_store.h)
//   folder/shared/HASH-OF-PATH.sidecar                the trees of shared files
//
// A library may hold more files than a process may open, so a content that nobody fetches is only known by name: the
// first handshake that asks for it opens it, and idleness closes it again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "stream/engine.h"
#include "stream/ppspp/swarm.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::ppspp {

struct EngineOptions {
  std::filesystem::path folder;  // made when absent
  Endpoint listen;               // port 0: any free one

  /// Bytes a second, of all contents together; 0: no limit.
  std::uint64_t upload_limit = 0;
  std::uint64_t download_limit = 0;

  /// Links for peers that UDP does not reach (stream/relay/carrier.h); null: none.
  std::shared_ptr<relay::Carrier> carrier{};

  /// How the contents are made that this engine fetches: ours, or those of other RFC 7574 programs. Chunks of 1,024 bytes; what is shared
  /// is hashed as ours, and of others what is here is fetched again after a restart.
  SwarmConfig swarm{};

  /// Contents open at once: two files each. Full: open() fails with kExhausted, strangers get no answer.
  std::size_t max_open = 128;
  /// Contents known by name: 64 Ki x about 200 bytes is 12 MiB. Full: share() fails with kExhausted.
  std::size_t max_known = 64 * 1024;
};

/// Errors: kDisk, kUnreachable (the port is taken), kUnsupported (swarms of that kind).
Result<std::unique_ptr<Engine>> open_engine(const EngineOptions& options);

}  // namespace earshot::stream::ppspp
