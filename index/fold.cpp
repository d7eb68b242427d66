// One code point's folding by utf8proc, the letters that it leaves, and the cache of both.
#include "index/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "schema/check.h"

namespace earshot::index {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t code_point) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return code_point >= range.first && code_point <= range.last; });
}

// Marks that are variants of spelling; tatweel (U+0640) only stretches a word.
constexpr std::array<Range, 14> kStripped = {{{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF},
  {0x05C1, 0x05C2}, {0x05C4, 0x05C7}, {0x0610, 0x061A}, {0x0640, 0x0640}, {0x064B, 0x065F}, {0x0670, 0x0670},
  {0x06D6, 0x06ED}, {0x1AB0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE2F}}};

// Modifier letters that stand for an apostrophe or a prime: Hawaiʻi, ʼn.
constexpr std::array<Range, 2> kApostrophes = {{{0x02B9, 0x02BF}, {0x02C8, 0x02C8}}};

constexpr std::array<Range, 16> kCjk = {{{0x1100, 0x11FF}, {0x2E80, 0x2FDF}, {0x3005, 0x3007}, {0x3021, 0x3029},
  {0x3038, 0x303C}, {0x3041, 0x3096}, {0x309D, 0x309F}, {0x30A1, 0x30FA}, {0x30FC, 0x312F}, {0x3131, 0x318E},
  {0x31A0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0x1B000, 0x1B16F}}};
constexpr Range kSupplementaryHan = {0x20000, 0x3FFFD};

struct Spelling {
  char32_t letter;
  std::u32string_view plain;
};

// Lower-case letters without a decomposition, sorted, and how they are typed on a plain keyboard.
constexpr std::array<Spelling, 56> kSpellings = {{
  {0x00E6, U"ae"}, {0x00F0, U"d"}, {0x00F8, U"o"}, {0x00FE, U"th"}, {0x0111, U"d"}, {0x0127, U"h"}, {0x0131, U"i"},
  {0x0138, U"k"}, {0x0142, U"l"}, {0x014B, U"n"}, {0x0153, U"oe"}, {0x0167, U"t"}, {0x0180, U"b"}, {0x0188, U"c"},
  {0x018C, U"d"}, {0x0192, U"f"}, {0x0199, U"k"}, {0x019A, U"l"}, {0x019E, U"n"}, {0x01A5, U"p"}, {0x01AD, U"t"},
  {0x01B4, U"y"}, {0x01B6, U"z"}, {0x01DD, U"e"}, {0x01E5, U"g"}, {0x021D, U"y"}, {0x0225, U"z"}, {0x0237, U"j"},
  {0x023C, U"c"}, {0x023F, U"s"}, {0x0240, U"z"}, {0x0247, U"e"}, {0x0249, U"j"}, {0x024B, U"q"}, {0x024D, U"r"},
  {0x024F, U"y"}, {0x0253, U"b"}, {0x0254, U"o"}, {0x0256, U"d"}, {0x0257, U"d"}, {0x0259, U"e"}, {0x025B, U"e"},
  {0x0260, U"g"}, {0x0263, U"g"}, {0x0268, U"i"}, {0x0269, U"i"}, {0x026B, U"l"}, {0x026F, U"u"}, {0x0272, U"n"},
  {0x0275, U"o"}, {0x0289, U"u"}, {0x028B, U"v"}, {0x0292, U"z"}, {0x2C61, U"l"}, {0x2C65, U"a"}, {0x2C66, U"t"},
}};

void append_plain(std::u32string& out, char32_t code_point) {
  const auto at = std::lower_bound(kSpellings.begin(), kSpellings.end(), code_point,
                                   [](const Spelling& spelling, char32_t letter) { return spelling.letter < letter; });
  if (at != kSpellings.end() && at->letter == code_point) {
    out += at->plain;
  } else if (!contains(kStripped, code_point)) {
    out.push_back(code_point);
  }
}

bool is_mark(utf8proc_category_t category) {
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

void append_utf8(std::string& out, char32_t code_point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

Folded folded(char32_t code_point) {
  const std::u32string expansion = expansion_of(code_point);
  Folded entry;
  if (expansion.empty()) return entry;
  std::string text;
  for (const char32_t part : expansion) append_utf8(text, part);
  entry.kind = kind_of(expansion[0]);
  const bool uniform = std::all_of(expansion.begin(), expansion.end(), [&](char32_t part) { return kind_of(part) == entry.kind; });
  // Characters of CJK make a word each, so only one of them fits an entry.
  const bool one_word = entry.kind != CharKind::kCjk || expansion.size() == 1;
  if (!uniform || !one_word || text.size() > entry.bytes.size()) {
    entry.kind = CharKind::kExpanded;
    return entry;
  }
  std::copy(text.begin(), text.end(), entry.bytes.begin());
  entry.size = static_cast<std::uint8_t>(text.size());
  return entry;
}

}  // namespace

std::u32string expansion_of(char32_t code_point) {
  if (code_point >= 0x110000 || (code_point >= 0xD800 && code_point <= 0xDFFF)) return U" ";
  // The longest decomposition in Unicode is U+FDFA with 18 code points.
  std::array<utf8proc_int32_t, 32> parts{};
  int bound_class = 0;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), parts.data(),
                                             static_cast<utf8proc_ssize_t>(parts.size()), options, &bound_class);
  EARSHOT_CHECK(count >= 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()));
  std::u32string plain;
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_plain(plain, static_cast<char32_t>(parts[static_cast<std::size_t>(i)]));
  if (plain.size() < 2) return plain;
  // Recompose what is kept in composed form: Hangul syllables and voiced kana.
  std::vector<utf8proc_int32_t> buffer(plain.begin(), plain.end());
  const auto kept = utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                                             static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  EARSHOT_CHECK(kept >= 0);
  return {buffer.begin(), buffer.begin() + kept};
}

CharKind kind_of(char32_t folded) {
  if (contains(kCjk, folded) || (folded >= kSupplementaryHan.first && folded <= kSupplementaryHan.last)) return CharKind::kCjk;
  if (contains(kApostrophes, folded)) return CharKind::kSymbol;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(folded))) {
    case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT: case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND: case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO:
      return CharKind::kWord;
    case UTF8PROC_CATEGORY_ZS: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP: case UTF8PROC_CATEGORY_CC:
      return CharKind::kSpace;
    default:
      return CharKind::kSymbol;
  }
}

bool composes(char32_t code_point) {
  if (code_point < 0x300 || contains(kStripped, code_point)) return false;
  const bool is_jamo = (code_point >= 0x1100 && code_point <= 0x11FF) || (code_point >= 0xFFA0 && code_point <= 0xFFDC);
  const bool is_halfwidth_voicing = code_point == 0xFF9E || code_point == 0xFF9F;
  return is_jamo || is_halfwidth_voicing || is_mark(utf8proc_category(static_cast<utf8proc_int32_t>(code_point)));
}

std::string composed(std::string_view text) {
  std::string clean(text);
  for (std::size_t at = 0; at < clean.size();) {
    utf8proc_int32_t code_point = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(clean.data() + at),
                                       static_cast<utf8proc_ssize_t>(clean.size() - at), &code_point);
    if (size < 1) clean[at] = ' ';
    at += size < 1 ? 1 : static_cast<std::size_t>(size);
  }
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()),
                                 static_cast<utf8proc_ssize_t>(clean.size()), &raw,
                                 static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  EARSHOT_CHECK(size >= 0);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(raw, &std::free);
  return {reinterpret_cast<const char*>(owned.get()), static_cast<std::size_t>(size)};
}

FoldTable::~FoldTable() {
  for (const auto& page : pages_) delete page.load(std::memory_order_relaxed);
}

const FoldTable::Page* FoldTable::filled(std::size_t number) const {
  EARSHOT_CHECK(number < pages_.size());
  auto page = std::make_unique<Page>();
  for (std::size_t i = 0; i < page->size(); ++i) (*page)[i] = folded(static_cast<char32_t>(number * 256 + i));
  const Page* expected = nullptr;
  if (pages_[number].compare_exchange_strong(expected, page.get(), std::memory_order_acq_rel)) return page.release();
  return expected;  // another thread was first
}

}  // namespace earshot::index
