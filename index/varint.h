// LEB128: seven bits a byte, low ones first. The one integer form of the stored records and postings, beside single bytes.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::index {

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Of any size: see take_varint.
template <class T>
std::optional<T> take_long_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      const bool is_overlong = byte == 0 && shift > 0;
      if (is_overlong || value > std::numeric_limits<T>::max()) return std::nullopt;
      return static_cast<T>(value);
    }
  }
  return std::nullopt;
}

/// Takes one integer of type T off the front; nothing when it is cut short, overlong or too large for T. Most have one
/// byte.
template <class T>
inline std::optional<T> take_varint(std::string_view& in) {
  if (in.empty() || static_cast<unsigned char>(in.front()) >= 0x80) return take_long_varint<T>(in);
  const auto value = static_cast<T>(in.front());
  in.remove_prefix(1);
  return value;
}

/// Takes one byte off the front; nothing when there is none.
inline std::optional<std::uint8_t> take_byte(std::string_view& in) {
  if (in.empty()) return std::nullopt;
  const auto byte = static_cast<std::uint8_t>(in.front());
  in.remove_prefix(1);
  return byte;
}

}  // namespace earshot::index
