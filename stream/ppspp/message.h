// The words of RFC 7574: its fourteen messages and the options of a handshake, as values. Bytes inside a message are views
// of the datagram that it was parsed from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/time.h"
#include "stream/ppspp/bin.h"

namespace earshot::stream::ppspp {

/// Names a channel at the peer that drew it (section 3.11). 0: no channel yet, or no more.
enum class ChannelId : std::uint32_t {};
inline constexpr ChannelId kNoChannel{};
constexpr std::uint32_t to_number(ChannelId id) { return static_cast<std::uint32_t>(id); }

/// Message types (section 8.2, Table 7).
enum class Kind : std::uint8_t {
  kHandshake = 0, kData = 1, kAck = 2, kHave = 3, kIntegrity = 4, kPexV4 = 5, kPexRequest = 6, kSignedIntegrity = 7,
  kRequest = 8, kCancel = 9, kChoke = 10, kUnchoke = 11, kPexV6 = 12, kPexCertificate = 13,
};

/// How chunks are named on the wire (section 7.8, Table 6). Byte ranges (1) are optional and not spoken.
enum class Addressing : std::uint8_t { kBin32 = 0, kChunk32 = 2, kBin64 = 3, kChunk64 = 4 };
constexpr bool is_spoken(std::uint8_t addressing) { return addressing <= 4 && addressing != 1; }
constexpr bool is_bins(Addressing addressing) { return addressing == Addressing::kBin32 || addressing == Addressing::kBin64; }
/// Numbers of 64 bits, in specs and in the discard window.
constexpr bool is_wide(std::uint8_t addressing) { return addressing == 1 || addressing == 3 || addressing == 4; }

/// How content is protected (section 7.5, Table 4) and with which hash (section 7.6, Table 5).
enum class Integrity : std::uint8_t { kNone = 0, kMerkle = 1, kSignAll = 2, kUnifiedMerkle = 3 };
enum class MerkleHash : std::uint8_t { kSha1 = 0, kSha224 = 1, kSha256 = 2, kSha384 = 3, kSha512 = 4 };

/// An instant as DATA and ACK carry it (sections 8.6 and 8.7): the sender's own clock.
constexpr std::uint64_t microseconds(Instant instant) { return static_cast<std::uint64_t>(instant.time_since_epoch().count()); }

inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::uint32_t kVariableChunks = 0xffffffffu;

/// Which messages a peer takes (section 7.10): bit 0 of the first octet from the left is message type 0.
struct SupportedMessages {
  std::array<std::uint8_t, 32> bits{};

  constexpr void add(Kind kind) { bits[index(kind) / 8] |= mask(kind); }
  constexpr bool has(Kind kind) const { return (bits[index(kind) / 8] & mask(kind)) != 0; }
  bool operator==(const SupportedMessages&) const = default;

 private:
  static constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
  static constexpr std::uint8_t mask(Kind kind) { return static_cast<std::uint8_t>(0x80u >> (index(kind) % 8)); }
};

/// Protocol options (section 7, Table 2). What was not in the list is absent.
struct Options {
  std::optional<std::uint8_t> version;                 // 0
  std::optional<std::uint8_t> minimum_version;         // 1
  std::optional<ByteView> swarm_id;                    // 2
  std::optional<std::uint8_t> integrity;               // 3, see Integrity
  std::optional<std::uint8_t> merkle_hash;             // 4, see MerkleHash
  std::optional<std::uint8_t> live_signature;          // 5, a DNSSEC algorithm number
  std::optional<std::uint8_t> addressing;              // 6, see Addressing
  std::optional<std::uint64_t> live_discard_window;    // 7, 32 or 64 bits wide as option 6 says
  std::optional<SupportedMessages> supported;          // 8
  std::optional<std::uint32_t> chunk_size;             // 9
};

struct Handshake { ChannelId source{}; Options options; };       // source kNoChannel: closes the channel
struct Data { ChunkRange chunks; std::uint64_t timestamp_us = 0; ByteView bytes; };
struct Ack { ChunkRange chunks; std::uint64_t delay_us = 0; };   // one-way delay, both clocks' offset included
struct Have { ChunkRange chunks; };
struct IntegrityHash { ChunkRange chunks; ByteView hash; };
struct PexV4 { Endpoint endpoint; };
struct PexRequest {};
struct SignedIntegrity { ChunkRange chunks; std::uint64_t ntp_timestamp = 0; ByteView signature; };
struct Request { ChunkRange chunks; };
struct Cancel { ChunkRange chunks; };
struct Choke {};
struct Unchoke {};
struct PexV6 { Endpoint endpoint; };
struct PexCertificate { ByteView certificate; };

using Message = std::variant<Handshake, Data, Ack, Have, IntegrityHash, PexV4, PexRequest, SignedIntegrity, Request, Cancel,
                             Choke, Unchoke, PexV6, PexCertificate>;

}  // namespace earshot::stream::ppspp
