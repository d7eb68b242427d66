// The Rice code of sorted keys, and the bounds of a digest. The grammar stands in digest.h.
#include "schema/digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include "schema/check.h"
#include "schema/limits.h"
#include "schema/random.h"

namespace earshot {

namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'E', 'A', 'D', '1'};
constexpr std::size_t kHeader = 4 + 32 + 8 + 8 + 1 + 1 + 1 + 1 + 4;
constexpr std::size_t kSignature = 64;

// Public: whoever asks must hash as whoever publishes does. A key for each kind, so that no word is ever taken for a pair.
constexpr SipKey kWordSalt{0x6561727368'6f7430u, 0x776f7264'73000001u};
constexpr SipKey kPairSalt{0x6561727368'6f7430u, 0x70616972'73000001u};
constexpr SipKey kContentSalt{0x6561727368'6f7430u, 0x636f6e74'65000001u};
constexpr SipKey kCanarySalt{0x6561727368'6f7430u, 0x63616e61'72790001u};

/// The k for which a Rice code of keys 2^32 / count apart is shortest: the next power of two below 0.9 of that gap (tried for
/// 1,000, 3,000 and 5,000 keys).
std::uint8_t rice_for(std::uint32_t count) {
  if (count == 0) return 0;
  const std::uint64_t gap = (std::uint64_t{1} << 32) / count;
  const std::uint64_t scaled = gap * 9 / 10;
  return static_cast<std::uint8_t>(scaled <= 1 ? 0 : std::bit_width(scaled) - 1);
}

/// Every key takes at least a bit of quotient and the remainder; the quotients add up to 2^32 / 2^rice at most.
std::size_t least_bytes(std::uint32_t count) {
  return (std::size_t{count} * (rice_for(count) + 1u) + 7) / 8;
}
std::size_t most_bytes(std::uint32_t count) {
  const std::size_t quotients = (std::size_t{1} << 32) >> rice_for(count);
  return count == 0 ? 0 : (std::size_t{count} * (rice_for(count) + 1u) + quotients + 7) / 8;
}

class BitWriter {
 public:
  explicit BitWriter(Bytes& bytes) : bytes_(bytes) {}

  void put(std::uint64_t value, unsigned bits) {
    for (unsigned i = bits; i-- > 0;) {
      if (used_ == 0) bytes_.push_back(0);
      bytes_.back() |= static_cast<std::uint8_t>((value >> i & 1) << (7 - used_));
      used_ = (used_ + 1) % 8;
    }
  }
  void put_unary(std::uint64_t value) {
    for (; value > 0; --value) put(1, 1);
    put(0, 1);
  }

 private:
  Bytes& bytes_;
  unsigned used_ = 0;  // bits of the last byte
};

/// Reads zeros behind the end and remembers that it did.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t take(unsigned bits) {
    std::uint64_t value = 0;
    for (; bits > 0; --bits) value = value << 1 | bit();
    return value;
  }
  /// At most `most`, and one more when there is no end to it.
  std::uint64_t take_unary(std::uint64_t most) {
    std::uint64_t value = 0;
    while (value <= most && bit() == 1) ++value;
    return value;
  }
  /// All that was read was there, and what is left is zeros within the last byte.
  bool ended_well() {
    if (position_ > bytes_.size() * 8 || bytes_.size() * 8 - position_ >= 8) return false;
    while (position_ < bytes_.size() * 8) {
      if (bit() != 0) return false;
    }
    return true;
  }

 private:
  std::uint64_t bit() {
    const std::size_t at = position_++;
    return at / 8 < bytes_.size() ? bytes_[at / 8] >> (7 - at % 8) & 1u : 0u;
  }

  ByteView bytes_;
  std::size_t position_ = 0;
};

template <class T>
void put_number(Bytes& bytes, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i)));
}

std::uint64_t number_at(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalid, "malformed digest: {}", what);
}

}  // namespace

DigestKey digest_key_of_word(std::string_view word) {
  return static_cast<DigestKey>(siphash(kWordSalt, as_bytes(word)));
}

DigestKey digest_key_of_pair(std::string_view artist, std::string_view title) {
  std::string both(artist);
  both += '\0';
  both += title;
  return static_cast<DigestKey>(siphash(kPairSalt, as_bytes(both)));
}

DigestKey digest_key_of_content(const ContentId& content) {
  return static_cast<DigestKey>(siphash(kContentSalt, as_bytes(to_string(content))));
}

std::uint64_t canary_key_of(const NodeKey& owner) { return siphash(kCanarySalt, owner.bytes); }

void DigestShards::add(std::span<const DigestKey> of_one_track) {
  std::set<DigestKey> fresh(of_one_track.begin(), of_one_track.end());
  while (fresh.size() > limits::kMaxDigestKeys) fresh.erase(std::prev(fresh.end()));
  const std::set<DigestKey>& last = shards_.back();
  const auto missing = std::count_if(fresh.begin(), fresh.end(), [&](DigestKey key) { return !last.contains(key); });
  if (last.size() + static_cast<std::size_t>(missing) > limits::kMaxDigestKeys) {
    if (shards_.size() == limits::kMaxDigestShards) {
      ++left_out_;
      return;
    }
    shards_.emplace_back();
  }
  shards_.back().merge(fresh);
}

std::vector<std::vector<DigestKey>> DigestShards::take() {
  std::vector<std::vector<DigestKey>> shards;
  for (const std::set<DigestKey>& shard : shards_) shards.emplace_back(shard.begin(), shard.end());
  shards_ = {{}};
  return shards;
}

Bytes encode(const Digest& digest) {
  EARSHOT_CHECK(digest.keys.size() <= limits::kMaxDigestKeys && digest.shard < digest.shards);
  const auto count = static_cast<std::uint32_t>(digest.keys.size());
  const std::uint8_t rice = rice_for(count);
  Bytes bytes(kMagic.begin(), kMagic.end());
  bytes.reserve(kHeader + most_bytes(count) + kSignature);
  bytes.insert(bytes.end(), digest.owner.bytes.begin(), digest.owner.bytes.end());
  put_number(bytes, digest.sequence);
  put_number(bytes, canary_key_of(digest.owner));
  for (const std::uint8_t byte : {digest.shard, digest.shards, rice, std::uint8_t{0}}) bytes.push_back(byte);
  put_number(bytes, count);
  BitWriter bits(bytes);
  std::uint64_t next = 0;  // the least that the next key can be
  for (const DigestKey key : digest.keys) {
    EARSHOT_CHECK(key >= next);
    const std::uint64_t delta = key - next;
    bits.put_unary(delta >> rice);
    bits.put(delta, rice);
    next = std::uint64_t{key} + 1;
  }
  bytes.insert(bytes.end(), digest.signature.begin(), digest.signature.end());
  return bytes;
}

ByteView signed_part(ByteView coded) { return coded.first(coded.size() - std::min(coded.size(), kSignature)); }

void sign(Bytes& coded, const Signature& signature) {
  EARSHOT_CHECK(coded.size() >= kHeader + kSignature);
  std::copy(signature.begin(), signature.end(), coded.end() - kSignature);
}

Result<DigestHeader> digest_header(ByteView coded) {
  if (coded.size() < kHeader + kSignature) return malformed("shorter than a header and a signature");
  if (!std::equal(kMagic.begin(), kMagic.begin() + 3, coded.begin())) return malformed("no digest at all");
  if (coded[3] != kMagic[3]) return fail(ErrorCode::kUnsupported, "digest of version '{}'", static_cast<char>(coded[3]));
  DigestHeader header;
  std::copy_n(coded.begin() + 4, header.owner.bytes.size(), header.owner.bytes.begin());
  header.sequence = number_at(coded, 36, 8);
  const std::uint64_t canary = number_at(coded, 44, 8);
  header.shard = coded[52];
  header.shards = coded[53];
  header.count = static_cast<std::uint32_t>(number_at(coded, 56, 4));
  if (header.owner == NodeKey{} || canary != canary_key_of(header.owner)) return malformed("owner or canary");
  if (header.shard >= header.shards || header.shards > limits::kMaxDigestShards) return malformed("shards");
  if (header.count > limits::kMaxDigestKeys) return malformed("too many keys");
  if (coded[54] != rice_for(header.count) || coded[55] != 0) return malformed("parameter of the code");
  const std::size_t body = coded.size() - kHeader - kSignature;
  if (body < least_bytes(header.count) || body > most_bytes(header.count)) return malformed("size for its count");
  return header;
}

Result<Digest> decode_digest(ByteView coded) {
  const auto header = digest_header(coded);
  if (!header) return tl::unexpected(header.error());
  Digest digest{header->owner, header->sequence, header->shard, header->shards, {}, {}};
  std::copy(coded.end() - kSignature, coded.end(), digest.signature.begin());
  const std::uint8_t rice = rice_for(header->count);
  BitReader bits(signed_part(coded).subspan(kHeader));
  digest.keys.reserve(header->count);
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < header->count; ++i) {
    const std::uint64_t quotient = bits.take_unary((std::uint64_t{1} << 32) >> rice);
    const std::uint64_t key = next + (quotient << rice | bits.take(rice));
    if (key > 0xffffffffu) return malformed("a key beyond 32 bits");
    digest.keys.push_back(static_cast<DigestKey>(key));
    next = key + 1;
  }
  if (!bits.ended_well()) return malformed("keys that end early or late");
  return digest;
}

}  // namespace earshot
