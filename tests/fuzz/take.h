// How fuzzers read their input.
#pragma once

#include <cstdint>

#include "schema/bytes.h"

namespace earshot {

/// The next byte of the input; 0 behind its end.
inline std::uint8_t take(ByteView& input) {
  if (input.empty()) return 0;
  const std::uint8_t byte = input.front();
  input = input.subspan(1);
  return byte;
}

}  // namespace earshot
