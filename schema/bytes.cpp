// Hexadecimal and UTF-8 checks.
#include "schema/bytes.h"

#include <array>
#include <cstring>

namespace earshot {

namespace {

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> hex_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (std::uint8_t i = 10; i < 16; ++i) values['a' + i - 10] = values['A' + i - 10] = i;
  return values;
}
constexpr auto kHexValues = hex_values();

std::uint8_t hex_value(char digit) { return kHexValues[static_cast<unsigned char>(digit)]; }

/// Eight bytes of printable ASCII at once: most texts are little else, and a stranger's frame brings 64 KiB of them.
bool starts_with_eight_printable(ByteView rest) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  if (rest.size() < 8) return false;
  std::uint64_t word = 0;
  std::memcpy(&word, rest.data(), sizeof word);
  const std::uint64_t is_control = (word - 0x20 * kOnes) & ~word;       // high bit of a byte below 0x20
  const std::uint64_t not_delete = word ^ (0x7F * kOnes);
  const std::uint64_t is_delete = (not_delete - kOnes) & ~not_delete;   // high bit of a byte 0x7F
  return ((word | is_control | is_delete) & kHigh) == 0;
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0u) == 0x80u; }

// The length of the well-formed sequence at the start of `rest`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(ByteView rest) {
  const std::uint8_t lead = rest[0];
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || rest.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(rest[i])) return 0;
  }
  const std::uint8_t second = rest[1];
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

Result<Digest32> digest_from_hex(std::string_view hex) {
  Digest32 digest{};
  if (hex.size() != 2 * digest.size()) {
    return fail(ErrorCode::kInvalid, "expected 64 hexadecimal digits, got {} characters", hex.size());
  }
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const unsigned high = hex_value(hex[2 * i]);
    const unsigned low = hex_value(hex[2 * i + 1]);
    if ((high | low) == kNoDigit) return fail(ErrorCode::kInvalid, "not a hexadecimal digit near position {}", 2 * i + 1);
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

bool is_clean_text(std::string_view text) {
  ByteView rest = as_bytes(text);
  while (!rest.empty()) {
    if (starts_with_eight_printable(rest)) {
      rest = rest.subspan(8);
      continue;
    }
    // The end of a longer text: what was judged before may be judged again.
    if (rest.size() < 8 && text.size() >= 8 && starts_with_eight_printable(as_bytes(text).last(8))) return true;
    const std::uint8_t lead = rest[0];
    if (lead == 0x7F || (lead < 0x20 && lead != '\t' && lead != '\n')) return false;
    const std::size_t length = sequence_length(rest);
    if (length == 0) return false;
    rest = rest.subspan(length);
  }
  return true;
}

std::string_view clip_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && is_continuation(static_cast<std::uint8_t>(text[end]))) --end;
  return text.substr(0, end);
}

}  // namespace earshot
