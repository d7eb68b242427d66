// The queue of a bare run (bare.h): steps by window of time and block of peers.
//
// Nothing that happens in a window may cause anything else in it, so its blocks can be worked on one after the other, each in
// the order of time. Steps of one microsecond are taken in any order, but always the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/slab.h"

namespace earshot::sim {

struct Step {
  std::uint32_t at;    // microseconds since its query was asked
  std::uint32_t to;
  std::uint32_t from;
  std::uint16_t ttl;
  std::uint16_t slot;  // of the query, among those that are worked on together
};
static_assert(sizeof(Step) == 16);

class StepRing {
 public:
  /// Windows of 2^window_bits microseconds, blocks of 2^block_bits peers. REQUIRES: window_bits <= 13.
  StepRing(int window_bits, std::uint32_t farthest, std::uint32_t peers, int block_bits);

  /// REQUIRES: at least a window, at most `farthest` microseconds, after the window that is being worked on.
  void push(const Step& step) {
    Chain& chain = chains_[((step.at >> window_bits_) & mask_) * blocks_ + (step.to >> block_bits_)];
    if (chain.last == nullptr || chain.last->size == Chunk::kCapacity) lengthen(chain);
    chain.last->steps[chain.last->size++] = step;
    ++chain.size;
    ++pending_;
  }

  /// The steps of the next block that has any, in the order of time; empty when there is none. Valid until the next call.
  std::span<const Step> next();
  /// Time begins again. REQUIRES: nothing is waiting.
  void restart() { place_ = 0; }

  std::size_t bytes() const { return slabs_.size() * kChunksPerSlab * sizeof(Chunk) + chains_.capacity() * sizeof(Chain); }

 private:
  static constexpr std::size_t kChunksPerSlab = 2048;  // 2 MiB, a huge page

  struct Chunk {
    static constexpr std::uint32_t kCapacity = 63;
    Chunk* earlier = nullptr;
    std::uint32_t size = 0;
    Step steps[kCapacity];
  };
  static_assert(sizeof(Chunk) == 1024);

  struct Chain {
    Chunk* last = nullptr;
    std::uint32_t size = 0;
  };

  void lengthen(Chain& chain);
  void sort(Chain& chain);
  void release(Chain& chain);

  int window_bits_;
  int block_bits_;
  std::uint32_t blocks_;
  std::uint32_t mask_;
  std::size_t place_ = 0;  // in chains_, the next to look at
  std::uint64_t pending_ = 0;
  std::vector<Chain> chains_;
  std::vector<Slab<Chunk>> slabs_;
  Chunk* free_ = nullptr;
  std::vector<std::uint32_t> starts_;
  std::vector<Step> sorted_;
};

}  // namespace earshot::sim
