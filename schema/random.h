// Randomness as an argument: a keyed counter, integers only, the same on every machine and with either compiler.
//
// The generator is SipHash-2-4 (Aumasson and Bernstein, 2012) of a counter under a 128-bit key. Rationale: protocol
// decisions and query ids are seen by strangers, so the next draw must not follow from earlier ones, which rules out
// xorshift, PCG and SplitMix; a counter needs 24 bytes a stream; a stream per (seed, node, purpose) means that adding a
// probe or a node never shifts another's draws.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>

#include "schema/bytes.h"

namespace earshot {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

/// SipHash-2-4 in the middle of its work.
class SipState {
 public:
  explicit SipState(SipKey key)
      : v0_(key.k0 ^ 0x736f6d6570736575u), v1_(key.k1 ^ 0x646f72616e646f6du),
        v2_(key.k0 ^ 0x6c7967656e657261u), v3_(key.k1 ^ 0x7465646279746573u) {}

  void absorb(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }

  std::uint64_t finish() {
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_; v1_ = std::rotl(v1_, 13); v1_ ^= v0_; v0_ = std::rotl(v0_, 32);
    v2_ += v3_; v3_ = std::rotl(v3_, 16); v3_ ^= v2_;
    v0_ += v3_; v3_ = std::rotl(v3_, 21); v3_ ^= v0_;
    v2_ += v1_; v1_ = std::rotl(v1_, 17); v1_ ^= v2_; v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

/// SipHash-2-4 of a byte string: the keyed hash for tables whose keys strangers choose.
std::uint64_t siphash(SipKey key, ByteView bytes);

/// SipHash-2-4 of the 8 little-endian bytes of `word`. Here, because peers hash each message that they get.
inline std::uint64_t siphash(SipKey key, std::uint64_t word) {
  SipState state(key);
  state.absorb(word);
  state.absorb(std::uint64_t{8} << 56);
  return state.finish();
}

class Random {
 public:
  explicit Random(SipKey key) : key_(key) {}

  /// The stream of one purpose of one node under one seed.
  static Random stream(std::uint64_t seed, std::uint64_t node, std::uint64_t purpose);

  std::uint64_t next() { return siphash(key_, counter_++); }

  /// Uniform in [0, bound), without bias (Lemire 2019). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);

  /// True with probability numerator / denominator. REQUIRES: denominator > 0.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) { return below(denominator) < numerator; }

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  SipKey key_;
  std::uint64_t counter_ = 0;
};

}  // namespace earshot
