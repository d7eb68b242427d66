// Normalising by utf8proc, hashing by xxHash.
#include "index/described.h"

#include <utf8proc.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "index/fold.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr char kSeparator = '\x1F';  // clean text has no control characters but tab and newline

struct Typographic {
  std::string_view from;
  char to;
};

constexpr std::array<Typographic, 12> kTypographic = {{{"‘", '\''},
                                                       {"’", '\''},
                                                       {"‚", '\''},
                                                       {"‛", '\''},
                                                       {"“", '"'},
                                                       {"”", '"'},
                                                       {"‐", '-'},
                                                       {"‑", '-'},
                                                       {"‒", '-'},
                                                       {"–", '-'},
                                                       {"—", '-'},
                                                       {"−", '-'}}};

std::string nfkc_casefold(std::string_view text) {
  if (is_ascii(text)) {
    std::string lower(text);
    for (char& byte : lower) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
    return lower;
  }
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &raw,
                                 static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                                UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
  EARSHOT_CHECK(size >= 0);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(raw, &std::free);
  return {reinterpret_cast<const char*>(owned.get()), static_cast<std::size_t>(size)};
}

// The typewriter's form of the quote or dash that `rest` begins with, and its size in bytes; size 0 when it is none.
std::pair<char, std::size_t> plain_form(std::string_view rest) {
  if (static_cast<unsigned char>(rest[0]) != 0xE2) return {};  // all of them lie in U+2000..U+2FFF
  for (const Typographic& typographic : kTypographic) {
    if (rest.starts_with(typographic.from)) return {typographic.to, typographic.from.size()};
  }
  return {};
}

}  // namespace

std::string normalized(std::string_view text) {
  const std::string folded = nfkc_casefold(text);
  std::string out;
  out.reserve(folded.size());
  for (std::size_t i = 0; i < folded.size();) {
    if (is_white(folded[i])) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      ++i;
    } else if (const auto [plain, size] = plain_form(std::string_view(folded).substr(i)); size > 0) {
      out += plain;
      i += size;
    } else {
      out += folded[i++];
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

ContentId described_id(const Track& track) {
  std::string text = normalized(track.artist);
  text += kSeparator;
  text += normalized(track.title);
  text += kSeparator;
  text += normalized(track.album);
  text += kSeparator;
  text += std::to_string((std::uint64_t{track.duration_ms} + 500) / 1000);
  ContentId id{Scheme::kDescribed, {}};
  auto at = id.digest.begin();
  for (const XXH64_hash_t seed : {1u, 2u}) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(text.data(), text.size(), seed));
    at = std::copy(std::begin(canonical.digest), std::end(canonical.digest), at);
  }
  return id;
}

}  // namespace earshot::index
