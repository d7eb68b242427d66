// SipHash-2-4 and what is drawn from it.
#include "schema/random.h"

#include <cstring>

#include "schema/check.h"

namespace earshot {

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
