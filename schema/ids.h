// Names that must not be mixed up: peers, queries, keys, contents.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "schema/bytes.h"
#include "schema/result.h"

namespace earshot {

/// A peer's name inside this process: in the node a number the address book gave out, in the simulator the node's
/// index. Never sent, never derived from a key, so a stranger cannot aim at it. 32 bits: a view of 60 peers then costs
/// 240 bytes, which is what lets a million peers fit in memory; the address book never holds that many.
enum class PeerId : std::uint32_t {};

inline constexpr PeerId kNoPeer = PeerId{0xffffffffu};

constexpr std::uint32_t to_number(PeerId id) { return static_cast<std::uint32_t>(id); }

/// A query's name, 128 random bits drawn by the peer that asks.
struct QueryId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const QueryId&) const = default;
};

/// 32 lower-case hexadecimal digits, high word first.
std::string to_string(const QueryId& id);
Result<QueryId> query_id_from(std::string_view hex);

/// A node's identity: its Curve25519 public key, as CURVE (ZMTP RFC 26) proves it.
struct NodeKey {
  Digest32 bytes{};
  auto operator<=>(const NodeKey&) const = default;
};

std::string to_string(const NodeKey& key);

/// Which engine can fetch a content, and what its digest means.
enum class Scheme : std::uint8_t {
  kDescribed = 0,  // metadata only: a digest of artist, title, album and length; nothing to fetch
  kPpspp = 1,      // RFC 7574 section 5: root of the SHA-256 Merkle tree over chunks of 1,024 bytes
  kTorrent = 2,    // a file of a BitTorrent: 20 octets of info hash (version 1), 4 of the file's number, the rest zeros;
                   // not said in the network, because nobody there could check it
};

/// A content's name: the same bytes have the same id everywhere.
struct ContentId {
  Scheme scheme = Scheme::kDescribed;
  Digest32 digest{};
  auto operator<=>(const ContentId&) const = default;
};

/// Octets of a torrent's info hash.
inline constexpr std::size_t kInfoHashSize = 20;
/// Which file of its torrent a content is, from 1 on; 0: the largest. REQUIRES: scheme kTorrent.
std::uint32_t torrent_file_of(const ContentId& id);

/// "ppspp:" or "described:" and 64 hexadecimal digits; "torrent:" and 40 of them, and ":3" for its third file.
std::string to_string(const ContentId& id);

/// The reverse of to_string. Errors: kInvalid, saying what is expected.
Result<ContentId> content_id_from(std::string_view text);

/// Hashes for tables inside one process. The ids are uniformly random, so their first bytes are hash enough; tables
/// that hold names chosen by strangers use SipHash (schema/random.h).
struct IdHash {
  std::size_t operator()(const QueryId& id) const { return static_cast<std::size_t>(id.low); }
  std::size_t operator()(const NodeKey& key) const { return first_word(key.bytes); }
  std::size_t operator()(const ContentId& id) const { return first_word(id.digest); }

 private:
  static std::size_t first_word(const Digest32& bytes);
};

}  // namespace earshot
