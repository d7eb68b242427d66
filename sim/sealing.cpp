// Item, holder, and whether it is a lie.
#include "sim/sealing.h"

#include <cstring>
#include <memory>

#include "schema/check.h"
#include "sim/catalog.h"

namespace earshot::sim {

namespace {

constexpr std::size_t kSize = 9;

std::uint32_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) | static_cast<std::uint32_t>(bytes[at + 1]) << 8 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 16 | static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

void put(Bytes& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
}

}  // namespace

overlay::SharedBox sealed(const Hit& hit, std::uint32_t item) {
  Bytes box;
  box.reserve(kSize);
  put(box, item);
  put(box, to_number(hit.holder));
  box.push_back(is_false(hit) ? 1 : 0);
  return std::make_shared<const Bytes>(std::move(box));
}

std::vector<Hit> opened(ByteView box) {
  EARSHOT_CHECK(box.size() == kSize);
  const std::uint32_t item = number_at(box, 0);
  const PeerId holder{number_at(box, 4)};
  return {box[8] != 0 ? false_hit_for(item, holder) : hit_for(item, holder)};
}

}  // namespace earshot::sim
