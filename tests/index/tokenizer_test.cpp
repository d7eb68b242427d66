// Names with traps are found by the spellings that people type.
#include "index/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <sstream>

#include "index/query_parser.h"
#include "schema/bytes.h"
#include "tests/index/fixtures.h"
#include "tests/index/twin.h"

namespace earshot::index {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::vector<std::string> terms(std::string_view text) {
  static const Tokenizer tokenizer;
  Tokens tokens;
  tokenizer.append(text, tokens);
  std::vector<std::string> terms;
  for (std::size_t i = 0; i < tokens.size(); ++i) terms.emplace_back(tokens[i].term);
  return terms;
}

bool finds(const Twin& twin, std::string_view query) {
  const auto answer = twin.search(query, 1);
  return answer && answer->tracks.size() == 1;
}

TEST(Tokenizer, CutsAtWhatIsNeitherLetterNorDigit) {
  EXPECT_THAT(terms("So What (Take 2)"), ElementsAre("so", "what", "take", "2"));
  EXPECT_THAT(terms("  "), IsEmpty());
}

TEST(Tokenizer, GivesWordsAndTheirJoinedForm) {
  EXPECT_THAT(terms("AC/DC"), ElementsAre("ac", "dc", "acdc"));
  EXPECT_THAT(terms("don't"), ElementsAre("don", "t", "dont"));
  EXPECT_THAT(terms("blink‐182"), ElementsAre("blink", "182", "blink182"));
}

TEST(Tokenizer, ReadsSymbolsAsLettersWhereNamesDo) {
  EXPECT_THAT(terms("P!nk"), ElementsAre("p", "nk", "pnk", "pink"));
  EXPECT_THAT(terms("Ke$ha"), ElementsAre("ke", "ha", "keha", "kesha"));
  EXPECT_THAT(terms("Bada$$"), ElementsAre("bada", "badass"));
  EXPECT_THAT(terms("Go Bang!"), ElementsAre("go", "bang"));
  EXPECT_THAT(terms("$100"), ElementsAre("100"));
}

TEST(Tokenizer, GivesALoneWordItsOtherSpellings) {
  EXPECT_THAT(terms("ft. X"), ElementsAre("ft", "feat", "with", "x"));
  EXPECT_THAT(terms("Part III"), ElementsAre("part", "iii", "3"));
  EXPECT_THAT(terms("XXXIX XL IIII VX XX"), ElementsAre("xxxix", "39", "xl", "iiii", "vx", "xx", "20"));
  EXPECT_THAT(terms("I X DIX"), ElementsAre("i", "x", "dix"));
  EXPECT_THAT(terms("Livin' Cabin"), ElementsAre("livin", "living", "cabin"));
  EXPECT_THAT(terms("Ärzte"), ElementsAre("arzte", "aerzte"));
  EXPECT_THAT(terms("ÖÜ"), ElementsAre("ou", "oeue"));
  EXPECT_THAT(terms("BΛSTILLE Λ"), ElementsAre("bλstille", "bastille", "λ"));
}

TEST(Tokenizer, ReadsASignBetweenWordsAsAnd) {
  EXPECT_THAT(terms("Simon & Garfunkel"), ElementsAre("simon", "and", "garfunkel"));
  EXPECT_THAT(terms("& Juliet"), ElementsAre("juliet"));
  EXPECT_THAT(terms("&"), ElementsAre("&"));
}

TEST(Tokenizer, GivesBigramsOfCjkRunsAndTheirTail) {
  EXPECT_THAT(terms("東京タワー"), ElementsAre("東京", "京タ", "タワ", "ワー", "ー"));
  EXPECT_THAT(terms("愛"), ElementsAre("愛"));
  EXPECT_THAT(terms("AKB48選抜"), ElementsAre("akb48", "選抜", "抜"));
}

TEST(Tokenizer, KeepsTheSymbolsOfANameWithoutWords) {
  EXPECT_THAT(terms("!!!"), ElementsAre("!!!"));
  EXPECT_THAT(terms("!= (_-_-__)"), ElementsAre("!=", "(_-_-__)"));
  EXPECT_THAT(terms("What?!"), ElementsAre("what"));
}

TEST(Tokenizer, TakesDecomposedTextForTheComposed) {
  EXPECT_EQ(terms("Motörhead"), terms("Moto\u0308rhead"));
  EXPECT_EQ(terms("が"), terms("か\u3099"));
  EXPECT_EQ(terms("한국"), terms("\u1112\u1161\u11ab\u1100\u116e\u11a8"));
  EXPECT_EQ(terms("ｶﾞ"), terms("ガ"));
}

TEST(Tokenizer, ClipsLongWordsAndDoesNotJoinLongLists) {
  EXPECT_THAT(terms(std::string(500, 'a')), ElementsAre(std::string(kMaxTerm, 'a')));
  EXPECT_THAT(terms("a/b/c/d/e/f/g/h/i/j/k/l/m"), SizeIs(13));
}

TEST(Tokenizer, SurvivesBytesThatAreNoText) {
  EXPECT_THAT(terms("a\xFF\xC3(b\xF0\x9F"), ElementsAre("a", "b"));
  EXPECT_THAT(terms("\xE0\xB8\x81\xFF\xE0\xB8\xB1"), SizeIs(2));
}

TEST(Tokenizer, FindsEveryNameWithATrapByEachOfItsSpellings) {
  std::istringstream rows(contents_of(std::string(EARSHOT_SOURCE_DIR) + "/tests/data/names.tsv"));
  std::size_t names = 0;
  for (std::string row; std::getline(rows, row);) {
    if (row.starts_with("# ")) continue;
    ++names;
    const auto tab = row.find('\t');
    Twin twin;
    twin.add(std::vector{track(1, "")});
    Track named = track(2, "");
    named.title = row.substr(0, tab);
    twin.add(std::vector{named});
    EXPECT_TRUE(finds(twin, named.title)) << named.title;
    std::istringstream searches(row.substr(tab + 1));
    for (std::string search; std::getline(searches, search, '|');) {
      EXPECT_TRUE(finds(twin, search)) << named.title << " by " << search;
    }
  }
  EXPECT_GE(names, 60u);
}

std::string mapped(const std::string& text, int options) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &raw, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(raw, &std::free);
  return size < 0 ? "" : std::string(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
}

std::string replaced(std::string text, const std::vector<std::string>& from, const std::string& to) {
  for (const std::string& one : from) {
    for (auto at = text.find(one); at != std::string::npos; at = text.find(one, at + to.size())) text.replace(at, one.size(), to);
  }
  return text;
}

bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

// '!' and '$' between letters read as what they stand for; empty when there are none, or other symbols beside them.
std::string without_leet(std::string text) {
  bool any = false;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if ((text[i] != '!' && text[i] != '$') || !is_letter(text[i - 1]) || !is_letter(text[i + 1])) continue;
    any = true;
    text[i] = text[i] == '!' ? 'i' : 's';
  }
  return any ? text : "";
}

// How people type a name that has a trap, by the features that the list gives it.
std::vector<std::string> usual_spellings(const std::string& name, const std::string& features) {
  static const std::vector<std::string> apostrophes = {"\u2018", "\u2019", "\u02BC"};
  static const std::vector<std::string> dashes = {"\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"};
  const auto has = [&](std::string_view feature) { return features.find(feature) != std::string::npos; };
  std::vector<std::string> spellings;
  if (has("typographic-apostrophe")) {
    spellings.push_back(replaced(name, apostrophes, "'"));
    spellings.push_back(replaced(name, apostrophes, ""));
  }
  if (has("unicode-dash")) {
    spellings.push_back(replaced(name, dashes, "-"));
    spellings.push_back(replaced(name, dashes, " "));
  }
  if (has("slash")) spellings.push_back(replaced(name, {"/"}, " "));
  if (has("initialism")) spellings.push_back(replaced(name, {"."}, ""));
  if (has("turkish-i")) spellings.push_back(replaced(replaced(name, {"\u0131"}, "i"), {"\u0130"}, "I"));
  if (has("bang-in-word") || has("leet") || has("currency")) spellings.push_back(without_leet(name));
  if (has("latin-ext")) {
    constexpr int kStripped = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK;
    if (!has("combining") && !has("thai") && !has("kana") && !has("cjk") && !has("other")) spellings.push_back(mapped(name, kStripped));
  }
  return spellings;
}

TEST(Tokenizer, FindsEveryRealNameByItsNativeItsFoldedAndItsUsualSpelling) {
  const auto file = shared_data("F_names.tsv.zst");
  if (file.empty()) GTEST_SKIP() << "no shared data beside the source tree";
  std::istringstream rows(contents_of(file));
  std::string row;
  std::getline(rows, row);
  std::size_t lost = 0;
  std::size_t searches = 0;
  std::size_t invisible = 0;  // names of spaces and direction marks alone
  while (std::getline(rows, row)) {
    const auto begin = row.find('\t') + 1;
    Track named = track(1, "");
    const auto end = row.find('\t', begin);
    named.title = clip_utf8(row.substr(begin, end - begin), 512);
    if (terms(named.title).empty()) {
      ++invisible;
      continue;
    }
    Twin twin;
    twin.add(std::vector{named});
    const int decompose = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    const int folded = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    // Quotes ask for words as they stand; who types another spelling does not write them.
    std::vector<std::string> typed = usual_spellings(replaced(named.title, {"\""}, " "), row.substr(end + 1));
    for (const std::string& search : {named.title, mapped(named.title, decompose), mapped(named.title, folded)})
      typed.push_back(search);
    for (const std::string& search : typed) {
      if (search.empty() || search.size() > 510) continue;  // not so written, or no longer a query
      if (terms(search).empty()) continue;                  // nothing but the trap
      ++searches;
      // Behind a space, a dash leaves words out: whoever means it writes quotes.
      const bool has_dash = search.find(" -") != std::string::npos && search.find('"') == std::string::npos;
      if (finds(twin, search) || (has_dash && finds(twin, "\"" + search + "\""))) continue;
      ++lost;
      ADD_FAILURE() << named.title << " by " << search;
    }
    ASSERT_LT(lost, 20u);
  }
  EXPECT_GT(searches, 15'000u);
  EXPECT_LE(invisible, 5u);
}

}  // namespace
}  // namespace earshot::index
