// How long a tag is that stands before the sound.
#pragma once

#include <cstdint>
#include <string_view>

namespace earshot::index {

/// Of the tag that `head` begins with, header and footer included; 0 when there is none or fewer than ten bytes of it.
/// Source: ID3v2.4 section 3.1: ten bytes of header, the size in four times seven bits.
constexpr std::uint64_t id3v2_size(std::string_view head) {
  if (head.size() < 10 || !head.starts_with("ID3")) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 6; i < 10; ++i) size = size << 7 | (static_cast<unsigned char>(head[i]) & 0x7F);
  const bool has_footer = (head[5] & 0x10) != 0;
  return size + (has_footer ? 20 : 10);
}

}  // namespace earshot::index
