// Numbers of a few bits each, one after the other: the first in the lowest bits of the first byte.
//
// Readers load eight bytes at once, so every packed array must be followed by kPadding readable bytes: pages in memory
// are (index/store.h).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace earshot::index {

static_assert(std::endian::native == std::endian::little, "stored numbers are read as they lie");

inline constexpr std::size_t kPadding = 8;

constexpr std::size_t packed_bytes(std::size_t numbers, unsigned width) {
  return (numbers * width + 7) / 8;
}

/// Bits that `largest` needs; 0 for 0.
constexpr unsigned width_of(std::uint32_t largest) {
  return static_cast<unsigned>(std::bit_width(largest));
}

/// REQUIRES: every number fits `width` <= 32 bits.
void pack(std::string& out, std::span<const std::uint32_t> numbers, unsigned width);

inline std::uint32_t packed_at(const char* packed, std::size_t i, unsigned width) {
  const std::size_t bit = i * width;
  std::uint64_t word;
  std::memcpy(&word, packed + bit / 8, sizeof word);
  return static_cast<std::uint32_t>(word >> (bit % 8) & ((std::uint64_t{1} << width) - 1));
}

/// A fixed-width number as it lies.
template <class T>
T number_at(const char* at) {
  T number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

template <class T>
void put_number(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace earshot::index
