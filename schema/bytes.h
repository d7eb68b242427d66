// Bytes and their text forms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"

namespace earshot {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Digest32 = std::array<std::uint8_t, 32>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);

/// Exactly 64 hexadecimal digits into 32 bytes. Errors: kInvalid.
Result<Digest32> digest_from_hex(std::string_view hex);

/// True for well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF) without NUL or other C0 controls
/// but tab and newline: what may be shown to a person and stored as metadata.
bool is_clean_text(std::string_view text);

/// The longest prefix of at most `max_bytes` that ends on a code point boundary.
std::string_view clip_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace earshot
