// Small tables, looked at word by word: what no word needs is decided by its first letter or its size.
#include "index/other_spellings.h"

#include <algorithm>
#include <array>
#include <optional>

#include "index/fold.h"

namespace earshot::index {

namespace {

struct OfWord {
  std::string_view word;
  std::string_view spellings;
};

// Sorted by word; each spelling followed by a space.
constexpr std::array<OfWord, 14> kPairs = {{{"feat", "with "},
                                          {"featuring", "feat with "},
                                          {"ft", "feat with "},
                                          {"n", "and "},
                                          {"pt", "part "},
                                          {"pts", "parts "},
                                          {"remastered", "remaster "},
                                          {"remasterise", "remaster "},
                                          {"remasterizada", "remaster "},
                                          {"remasterizado", "remaster "},
                                          {"ver", "version "},
                                          {"vol", "volume "},
                                          {"vols", "volumes "},
                                          {"vs", "versus "}}};

std::string_view paired(std::string_view word) {
  if (std::string_view("fnprv").find(word.front()) == std::string_view::npos) return {};
  const auto at = std::lower_bound(kPairs.begin(), kPairs.end(), word,
                                   [](const OfWord& pair, std::string_view wanted) { return pair.word < wanted; });
  return at != kPairs.end() && at->word == word ? at->spellings : std::string_view();
}

constexpr std::array<std::string_view, 10> kOnes = {"", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"};

// 2 to 39, strictly as they are written, and neither 1 nor 10.
std::optional<unsigned> roman_number(std::string_view word) {
  constexpr std::size_t kLongest = std::string_view("xxxviii").size();
  if (word.size() > kLongest || word.find_first_not_of("ivx") != std::string_view::npos) return std::nullopt;
  const std::size_t tens = std::min(word.find_first_not_of('x'), word.size());
  // In "ix" the x does not stand in front.
  const auto ones = std::find(kOnes.begin(), kOnes.end(), word.substr(tens));
  if (tens > 3 || ones == kOnes.end()) return std::nullopt;
  const auto number = static_cast<unsigned>(10 * tens + static_cast<std::size_t>(ones - kOnes.begin()));
  return number == 0 || number == 1 || number == 10 ? std::nullopt : std::optional(number);
}

bool starts_with_apostrophe(std::string_view text) {
  return text.starts_with('\'') || text.starts_with("’") || text.starts_with("`") || text.starts_with("ʼ");
}

struct LookAlike {
  std::string_view letter;
  char latin;
};

// Greek and Cyrillic letters that stand for Latin ones in names, folded to lower case; the capitals look alike.
constexpr std::array<LookAlike, 30> kLookAlikes = {
    {{"α", 'a'}, {"β", 'b'}, {"δ", 'd'}, {"ε", 'e'}, {"η", 'h'}, {"ι", 'i'}, {"κ", 'k'}, {"λ", 'a'},
     {"μ", 'm'}, {"ν", 'n'}, {"ξ", 'e'}, {"ο", 'o'}, {"ρ", 'p'}, {"σ", 'e'}, {"τ", 't'}, {"υ", 'y'},
     {"χ", 'x'}, {"ω", 'w'}, {"а", 'a'}, {"в", 'b'}, {"е", 'e'}, {"и", 'n'}, {"к", 'k'}, {"м", 'm'},
     {"н", 'h'}, {"о", 'o'}, {"р", 'p'}, {"с", 'c'}, {"у", 'y'}, {"я", 'r'}}};

// Empty unless the word mixes ASCII letters with look-alikes and holds nothing else.
std::string in_latin(std::string_view word) {
  std::string latin;
  bool any_ascii = false;
  bool any_other = false;
  while (!word.empty()) {
    const bool is_ascii = static_cast<unsigned char>(word.front()) < 0x80;
    any_ascii = any_ascii || (is_ascii && word.front() >= 'a' && word.front() <= 'z');
    any_other = any_other || !is_ascii;
    if (is_ascii) {
      latin += word.front();
      word.remove_prefix(1);
      continue;
    }
    const auto at = std::find_if(kLookAlikes.begin(), kLookAlikes.end(),
                                 [&](const LookAlike& known) { return word.starts_with(known.letter); });
    if (at == kLookAlikes.end()) return "";
    latin += at->latin;
    word.remove_prefix(at->letter.size());
  }
  return any_ascii && any_other ? latin : "";
}

void append(std::string& spellings, std::string_view spelling) {
  spellings += spelling;
  spellings += ' ';
}

}  // namespace

char spelled_out(char32_t code_point) {
  switch (code_point) {
    case U'ä': case U'Ä': case U'ö': case U'Ö': case U'ü': case U'Ü': case U'ø': case U'Ø':
      return 'e';
    case U'å': case U'Å':
      return 'a';
    default:
      return 0;
  }
}

void append_other_spellings(std::string_view word, std::string_view after, std::span<const Inserted> inserted,
                            std::string& spellings) {
  if (word.empty()) return;
  spellings += paired(word);
  if (const auto number = roman_number(word)) append(spellings, std::to_string(*number));
  constexpr std::size_t kShortestGerund = 5;
  if (word.size() >= kShortestGerund && word.ends_with("in") && starts_with_apostrophe(after)) {
    append(spellings, std::string(word) + "g");
  }
  if (!inserted.empty()) {
    std::string spelled(word);
    for (auto one = inserted.rbegin(); one != inserted.rend(); ++one) spelled.insert(one->at, 1, one->letter);
    append(spellings, spelled);
  }
  if (!is_ascii(word)) {
    if (const std::string latin = in_latin(word); !latin.empty()) append(spellings, latin);
  }
}

}  // namespace earshot::index
