// ICU's transforms, and what people do to their results.
#include "index/transliterator.h"

#include <fmt/format.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>
#include <unicode/uvernum.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

namespace earshot::index {

namespace {

// Raised when what is done here to ICU's results changes.
constexpr unsigned kOurs = 1;

enum class Script : std::uint8_t { kOther, kGreek, kCyrillic, kHan, kKanaOrHangul };

Script script_of(UChar32 c) {
  const auto in = [c](UChar32 first, UChar32 last) { return c >= first && c <= last; };
  if (in(0x370, 0x3FF) || in(0x1F00, 0x1FFF)) return Script::kGreek;
  if (in(0x400, 0x52F)) return Script::kCyrillic;
  if (in(0x3400, 0x4DBF) || in(0x4E00, 0x9FFF) || in(0x20000, 0x323AF)) return Script::kHan;
  if (in(0x3041, 0x30FA) || in(0xFF66, 0xFF9D) || in(0xAC00, 0xD7A3)) return Script::kKanaOrHangul;
  return Script::kOther;
}

// What scripts a text has.
struct Scripts {
  bool any = false, greek = false, cyrillic = false;
  bool only_han = true;  // but for spaces
  int han = 0;
};

Scripts scripts_of(const icu::UnicodeString& text) {
  Scripts found;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const Script script = script_of(c);
    found.any |= script != Script::kOther;
    found.greek |= script == Script::kGreek;
    found.cyrillic |= script == Script::kCyrillic;
    found.han += script == Script::kHan ? 1 : 0;
    found.only_han &= script == Script::kHan || c == U' ';
  }
  return found;
}

// ICU spells a small kana behind another with a mark: "ji~yon" is written "jon", "ki~yo" "kyo".
std::string with_small_kana(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') {
      out += text[i];
      continue;
    }
    if (!out.ends_with('i') || text.substr(i, 2) != "~y") continue;
    out.pop_back();
    if (out.ends_with('j') || out.ends_with("sh") || out.ends_with("ch")) ++i;
  }
  return out;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Soft signs become apostrophes, which nobody types: "al'bom" is written "albom".
std::string without_apostrophes(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\''), text.end());
  return text;
}

// As most people end a Russian name: "Sergey" -> Sergei, "Chaykovskiy" -> Chaykovsky.
std::string with_usual_ends(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_end = i + 1 == text.size() || !is_letter(text[i + 1]);
    const char before = out.empty() ? ' ' : out.back();
    if (text[i] != 'y' || !is_end) {
      out += text[i];
    } else if (before == 'i') {
      out.back() = 'y';
    } else {
      out += before == 'a' || before == 'e' || before == 'o' || before == 'u' ? 'i' : 'y';
    }
  }
  return out;
}

// A name of two to four syllables is typed without spaces, or as family name and given name.
void add_joined(std::vector<std::string>& spellings, std::string syllables) {
  const std::size_t first = syllables.find(' ');
  if (first == std::string::npos) return;
  syllables.erase(std::remove(syllables.begin() + static_cast<std::ptrdiff_t>(first) + 1, syllables.end(), ' '), syllables.end());
  spellings.push_back(syllables);
  syllables.erase(first, 1);
  spellings.push_back(syllables);
}

constexpr std::array<const char*, 3> kTransforms = {
    "NFKC; Any-Latin; Latin-ASCII",
    "NFKC; Russian-Latin/BGN; Any-Latin; Latin-ASCII",
    "NFKC; Greek-Latin/UNGEGN; Any-Latin; Latin-ASCII",
};

class IcuTransliterator final : public Transliterator {
 public:
  std::vector<std::string> spellings(std::string_view text) const override {
    // Below U+0370 every byte is less; most texts end here.
    const bool is_latin = std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0xCD; });
    if (is_latin) return {};
    const auto given = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    const Scripts scripts = scripts_of(given);
    if (!scripts.any) return {};
    std::call_once(loaded_, [this] { load(); });
    if (!is_loaded_) return {};
    std::vector<std::string> spellings = {with_small_kana(by(0, given))};
    if (scripts.cyrillic) {
      spellings.front() = without_apostrophes(std::move(spellings.front()));
      spellings.push_back(without_apostrophes(by(1, given)));
      spellings.push_back(with_usual_ends(spellings.back()));
    }
    if (scripts.greek) spellings.push_back(by(2, given));
    if (scripts.only_han && scripts.han <= 4) add_joined(spellings, spellings.front());
    std::sort(spellings.begin(), spellings.end());
    spellings.erase(std::unique(spellings.begin(), spellings.end()), spellings.end());
    return spellings;
  }

 private:
  void load() const {
    for (std::size_t i = 0; i < kTransforms.size(); ++i) {
      UErrorCode error = U_ZERO_ERROR;
      const auto name = icu::UnicodeString::fromUTF8(kTransforms[i]);
      transforms_[i].reset(icu::Transliterator::createInstance(name, UTRANS_FORWARD, error));
      if (U_FAILURE(error) || transforms_[i] == nullptr) return;
    }
    is_loaded_ = true;
  }

  std::string by(std::size_t transform, icu::UnicodeString text) const {
    transforms_[transform]->transliterate(text);
    std::string out;
    text.toUTF8String(out);
    return out;
  }

  mutable std::once_flag loaded_;  // guards the rest, which never changes afterwards
  mutable bool is_loaded_ = false;
  mutable std::array<std::unique_ptr<icu::Transliterator>, kTransforms.size()> transforms_;
};

}  // namespace

const Transliterator* Transliterator::instance() {
  static const IcuTransliterator transliterator;
  return &transliterator;
}

std::string Transliterator::rule() { return fmt::format("icu {} {}", U_ICU_VERSION, kOurs); }

}  // namespace earshot::index
