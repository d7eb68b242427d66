// Windows and blocks.
#include "sim/step_ring.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "schema/check.h"

namespace earshot::sim {

namespace {

constexpr std::uint32_t kCountingSortFrom = 256;  // below, comparing costs less than the counters

}  // namespace

StepRing::StepRing(int window_bits, std::uint32_t farthest, std::uint32_t peers, int block_bits)
    : window_bits_(window_bits), block_bits_(block_bits), blocks_((peers >> block_bits) + 1),
      mask_(std::bit_ceil((farthest >> window_bits) + 3) - 1), chains_(std::size_t{mask_ + 1} * blocks_) {
  EARSHOT_CHECK(window_bits <= 13);
}

std::span<const Step> StepRing::next() {
  if (pending_ == 0) return {};
  while (chains_[place_].size == 0) place_ = place_ + 1 == chains_.size() ? 0 : place_ + 1;
  Chain& chain = chains_[place_];
  pending_ -= chain.size;
  sort(chain);
  release(chain);
  return {sorted_.data(), sorted_.size()};
}

void StepRing::sort(Chain& chain) {
  sorted_.resize(chain.size);
  if (chain.size < kCountingSortFrom) {
    std::size_t end = 0;
    for (const Chunk* chunk = chain.last; chunk != nullptr; chunk = chunk->earlier) {
      std::copy_n(chunk->steps, chunk->size, sorted_.begin() + static_cast<std::ptrdiff_t>(end));
      end += chunk->size;
    }
    std::sort(sorted_.begin(), sorted_.end(), [](const Step& a, const Step& b) {
      return std::tie(a.at, a.to, a.from, a.slot, a.ttl) < std::tie(b.at, b.to, b.from, b.slot, b.ttl);
    });
    return;
  }
  const std::uint32_t mask = (1u << window_bits_) - 1;
  starts_.assign(std::size_t{mask} + 2, 0);
  for (const Chunk* chunk = chain.last; chunk != nullptr; chunk = chunk->earlier) {
    for (std::uint32_t i = 0; i < chunk->size; ++i) ++starts_[(chunk->steps[i].at & mask) + 1];
  }
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  for (const Chunk* chunk = chain.last; chunk != nullptr; chunk = chunk->earlier) {
    for (std::uint32_t i = 0; i < chunk->size; ++i) sorted_[starts_[chunk->steps[i].at & mask]++] = chunk->steps[i];
  }
}

void StepRing::release(Chain& chain) {
  for (Chunk* chunk = chain.last; chunk != nullptr;) {
    Chunk* const earlier = chunk->earlier;
    chunk->earlier = free_;
    free_ = chunk;
    chunk = earlier;
  }
  chain = {};
}

void StepRing::lengthen(Chain& chain) {
  if (free_ == nullptr) {
    Slab<Chunk>& slab = slabs_.emplace_back(kChunksPerSlab);
    for (std::size_t i = 0; i < kChunksPerSlab; ++i) {
      Chunk& chunk = slab.emplace_back();
      chunk.earlier = free_;
      free_ = &chunk;
    }
  }
  Chunk* const chunk = free_;
  free_ = chunk->earlier;
  chunk->earlier = chain.last;
  chunk->size = 0;
  chain.last = chunk;
}

}  // namespace earshot::sim
