// Defences that can be left out when a file is compiled, to see that the test which guards each of them fails without it
// (tests/defences). In every other build all of them stand, and nothing is left of the question.
#pragma once

#include <cstdint>

namespace earshot {

enum class Defence : std::uint8_t {
  kNone,
  kVerifierLimits,       // flatbuffers' own limits let a message of 1,280 bytes cost 6.7 ms
  kFrameLimit,           // ZMQ_MAXMSGSIZE
  kHandshakeTime,        // silent connections live 30 s
  kHandshakeRate,        // of one neighborhood of addresses
  kHitSignature,         // of a box of hits, by its holder
  kHitsHolder,           // a box names nobody but who signed it
  kQueryRate,            // of one link
  kTtlClamp,             // on every receipt
  kDigestSignature,      // by its owner
  kLogRecovery,          // a damaged log refuses the open
  kSyncedChanges,        // before they are acknowledged
  kWatermark,            // acknowledged changes that are gone are noticed
  kChunkCheck,           // against the content id
  kUnprovenAddress,      // is not sent more than it sent
  kChannelAddress,       // a channel is bound to its address
  kHostCheck,            // of the HTTP API
  kOriginCheck,          // of the HTTP API
  kAcceptCap,            // of connections
  kBeneath,              // files are opened below the shared folder only
};

#ifndef EARSHOT_WITHOUT
#define EARSHOT_WITHOUT kNone
#endif

/// Whether this file was compiled with it. Internal linkage, because another file may have been compiled without.
[[maybe_unused]] static constexpr bool stands(Defence defence) { return defence != Defence::EARSHOT_WITHOUT; }

}  // namespace earshot
