// The peaks of a content.
#include "stream/ppspp/bin.h"

namespace earshot::stream::ppspp {

std::vector<Bin> peaks(std::uint64_t chunk_count) {
  std::vector<Bin> result;
  std::uint64_t begin = 0;
  while (begin < chunk_count) {
    const auto height = static_cast<unsigned>(std::bit_width(chunk_count - begin)) - 1;
    result.push_back(Bin(height, begin >> height));
    begin += std::uint64_t{1} << height;
  }
  return result;
}

}  // namespace earshot::stream::ppspp
