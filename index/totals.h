// Numbers about the whole index that are kept up to date with every change, and stored with it.
//
//   totals := next_segment tracks length              varints (index/varint.h)
//   terms  := register:byte{4096}
//
// Distinct terms are estimated by HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) with 4,096 registers: 1.6 %
// off, near exact for small libraries. Rationale: an exact count costs a look-up per new term and segment. A term stays
// counted when its last track goes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::index {

class DistinctTerms {
 public:
  static constexpr std::size_t kRegisters = 4096;

  void add(std::string_view term);
  std::uint64_t estimate() const;

  std::string_view bytes() const { return {registers_.data(), registers_.size()}; }
  /// Nothing for another number of bytes.
  static std::optional<DistinctTerms> from(std::string_view bytes);

 private:
  std::array<char, kRegisters> registers_{};  // the longest run of zeros seen, plus 1: at most 53
};

struct Totals {
  std::uint32_t next_segment = 0;
  std::uint64_t tracks = 0;
  std::uint64_t length = 0;  // sum of the weighted lengths of all tracks
};

std::string encode(const Totals& totals);
std::optional<Totals> decode_totals(std::string_view bytes);

}  // namespace earshot::index
