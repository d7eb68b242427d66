// HyperLogLog and the stored form of the totals.
#include "index/totals.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "index/varint.h"

namespace earshot::index {

void DistinctTerms::add(std::string_view term) {
  const std::uint64_t hash = XXH3_64bits(term.data(), term.size());
  constexpr unsigned kIndexBits = 12;
  static_assert(kRegisters == 1u << kIndexBits);
  const auto rank = static_cast<char>(std::countl_zero(hash << kIndexBits | 1u << (kIndexBits - 1)) + 1);
  char& longest = registers_[hash >> (64 - kIndexBits)];
  longest = std::max(longest, rank);
}

std::uint64_t DistinctTerms::estimate() const {
  constexpr double kCount = kRegisters;
  const double alpha = 0.7213 / (1.0 + 1.079 / kCount);
  double sum = 0;
  for (const char longest : registers_) sum += std::ldexp(1.0, -longest);
  const double raw = alpha * kCount * kCount / sum;
  const auto empty = static_cast<double>(std::count(registers_.begin(), registers_.end(), 0));
  const bool is_small = raw <= 2.5 * kCount && empty > 0;
  return static_cast<std::uint64_t>(std::llround(is_small ? kCount * std::log(kCount / empty) : raw));
}

std::optional<DistinctTerms> DistinctTerms::from(std::string_view bytes) {
  DistinctTerms terms;
  if (bytes.size() != kRegisters) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), terms.registers_.begin());
  return terms;
}

std::string encode(const Totals& totals) {
  std::string out;
  put_varint(out, totals.next_segment);
  put_varint(out, totals.tracks);
  put_varint(out, totals.length);
  return out;
}

std::optional<Totals> decode_totals(std::string_view bytes) {
  const auto next_segment = take_varint<std::uint32_t>(bytes);
  const auto tracks = take_varint<std::uint64_t>(bytes);
  const auto length = take_varint<std::uint64_t>(bytes);
  if (!next_segment || !tracks || !length || !bytes.empty()) return std::nullopt;
  return Totals{*next_segment, *tracks, *length};
}

}  // namespace earshot::index
