// SipHash-2-4 and what is drawn from it.
#include "schema/random.h"

#include <bit>
#include <cstring>

#include "schema/check.h"

namespace earshot {

namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  explicit SipState(SipKey key)
      : v0(key.k0 ^ 0x736f6d6570736575u), v1(key.k1 ^ 0x646f72616e646f6du),
        v2(key.k0 ^ 0x6c7967656e657261u), v3(key.k1 ^ 0x7465646279746573u) {}

  void round() {
    v0 += v1; v1 = std::rotl(v1, 13); v1 ^= v0; v0 = std::rotl(v0, 32);
    v2 += v3; v3 = std::rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = std::rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = std::rotl(v1, 17); v1 ^= v2; v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }

  std::uint64_t finish() {
    v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

std::uint64_t siphash(SipKey key, ByteView bytes) {
  SipState state(key);
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 8; ++j) word |= static_cast<std::uint64_t>(bytes[i + j]) << (8 * j);
    state.absorb(word);
  }
  std::uint64_t tail = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t j = 0; whole + j < bytes.size(); ++j) tail |= static_cast<std::uint64_t>(bytes[whole + j]) << (8 * j);
  state.absorb(tail);
  return state.finish();
}

std::uint64_t siphash(SipKey key, std::uint64_t word) {
  SipState state(key);
  state.absorb(word);
  state.absorb(std::uint64_t{8} << 56);
  return state.finish();
}

Random Random::stream(std::uint64_t seed, std::uint64_t node, std::uint64_t purpose) {
  const SipKey root{seed, purpose};
  return Random({siphash(root, 2 * node), siphash(root, 2 * node + 1)});
}

std::uint64_t Random::below(std::uint64_t bound) {
  EARSHOT_CHECK(bound > 0);
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (low < threshold) {
      product = static_cast<Wide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace earshot
