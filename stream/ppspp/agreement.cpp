// What swarms of contents and of live streams say and demand alike.
#include "stream/ppspp/agreement.h"

#include <fmt/format.h>

#include <algorithm>

#include "stream/ppspp/merkle_hash.h"

namespace earshot::stream::ppspp {

namespace {

SupportedMessages our_messages(bool live) {
  SupportedMessages messages;
  for (const Kind kind : {Kind::kHandshake, Kind::kData, Kind::kAck, Kind::kHave, Kind::kIntegrity, Kind::kPexV4, Kind::kPexRequest,
                          Kind::kRequest, Kind::kCancel, Kind::kChoke, Kind::kUnchoke, Kind::kPexV6}) {
    messages.add(kind);
  }
  if (live) messages.add(Kind::kSignedIntegrity);
  return messages;
}

std::string other_integrity(Integrity theirs, Integrity ours) {
  if (theirs == Integrity::kNone) return "offers content without integrity, which is not taken from anybody";
  if (ours == Integrity::kMerkle) return "speaks of a live stream; this is content on demand";
  return "does not protect its stream with a Unified Merkle Tree";
}

}  // namespace

Options options_of(const Agreement& swarm) {
  Options options;
  options.version = kVersion;
  options.integrity = static_cast<std::uint8_t>(swarm.integrity);
  options.addressing = static_cast<std::uint8_t>(swarm.addressing);
  const bool live = swarm.integrity == Integrity::kUnifiedMerkle;
  if (!live || !swarm.draft10) options.merkle_hash = static_cast<std::uint8_t>(swarm.hash);
  if (swarm.draft10) {
    options.minimum_version = kVersion;
    return options;
  }
  options.supported = our_messages(live);
  options.chunk_size = swarm.chunk_size;
  return options;
}

std::string misfit(const Options& options, const Agreement& swarm) {
  if (!options.version) return "names no version";
  if (*options.version < kVersion) return fmt::format("speaks version {} at most, this is {}", *options.version, kVersion);
  if (options.minimum_version.value_or(0) > kVersion) return fmt::format("speaks version {} at least, this is {}", *options.minimum_version, kVersion);
  if (options.swarm_id && !std::ranges::equal(*options.swarm_id, swarm.swarm_id)) return "is of another swarm";
  const auto integrity = static_cast<Integrity>(options.integrity.value_or(0));
  if (integrity != swarm.integrity) return other_integrity(integrity, swarm.integrity);
  const bool may_be_silent = swarm.draft10 || !swarm.hash_is_said;
  if (!options.merkle_hash && !may_be_silent) return "does not say how it hashes";
  const MerkleHash hash{options.merkle_hash.value_or(static_cast<std::uint8_t>(swarm.hash))};
  if (hash != swarm.hash) return fmt::format("hashes with {}, this swarm with {}", to_string(hash), to_string(swarm.hash));
  if (options.addressing != static_cast<std::uint8_t>(swarm.addressing)) {
    return fmt::format("names chunks by method {}, this swarm by {}", options.addressing.value_or(255), static_cast<int>(swarm.addressing));
  }
  if (swarm.draft10) return {};
  if (!options.chunk_size) return "does not say how large its chunks are";
  if (*options.chunk_size != swarm.chunk_size) return fmt::format("has chunks of {} bytes, this swarm of {}", *options.chunk_size, swarm.chunk_size);
  return {};
}

}  // namespace earshot::stream::ppspp
