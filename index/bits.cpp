// Packing, the slow direction.
#include "index/bits.h"

namespace earshot::index {

void pack(std::string& out, std::span<const std::uint32_t> numbers, unsigned width) {
  std::uint64_t word = 0;
  unsigned filled = 0;
  const std::size_t begin = out.size();
  for (const std::uint32_t number : numbers) {
    word |= std::uint64_t{number} << filled;
    filled += width;
    while (filled >= 8) {
      out.push_back(static_cast<char>(word));
      word >>= 8;
      filled -= 8;
    }
  }
  if (out.size() - begin < packed_bytes(numbers.size(), width)) out.push_back(static_cast<char>(word));
}

}  // namespace earshot::index
